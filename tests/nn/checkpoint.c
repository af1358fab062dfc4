/* checkpoint.c -- a training interrupted and resumed ends with the same bits as one that was not; one that has ended stays ended. */
#include "problems.h"
#include <unistd.h>

static nn_train_options long_training(const char *checkpoint, nn_method method)
{
    return (nn_train_options){.error = nn_binary_cross_entropy, .optimiser = {.method = method, .rate = 0.01}, .epochs = 24, .batch = 30,
                              .seed = 6, .validation = 0.2, .patience = 100, .checkpoint = checkpoint, .checkpoint_every = 4};
}

Test(checkpoint, a_checkpoint_resumed_gives_the_same_bits)
{
    nn_data data = moons();
    char path[] = "/tmp/nn_checkpoint_XXXXXX";
    close(mkstemp(path));
    for (int m = NN_GRADIENT_DESCENT; m <= NN_LBFGS; m++) {
        unlink(path);
        nn_network *whole = network(6, 1), *parts = network(6, 1);
        nn_result one = nn_train(whole, data, long_training(NULL, (nn_method)m)), two = {.epochs = 0};
        TRAINED(one);
        static const size_t stops[] = {5, 11, 0};
        for (int k = 0; k < 3; k++) {
            seen s = {.epochs = two.epochs, .stop_at = stops[k], .least = NAN};
            nn_train_options options = long_training(path, (nn_method)m);
            options.resume = 1;
            options.each_epoch = watch;
            options.user = &s;
            nn_network *fresh = network(6, 99);
            if (k > 0)                                                        /* all that counts is in the file */
                memcpy(nn_network_values(parts), nn_network_values(fresh), nn_network_size(fresh) * sizeof(double));
            nn_network_free(fresh);
            two = nn_train(parts, data, options);
            TRAINED(two);
        }
        cr_assert(two.epochs == one.epochs && two.steps == one.steps && two.best_epoch == one.best_epoch, "method %d: %zu epochs", m, two.epochs);
        cr_assert(identical(one.error, two.error) && identical(one.validation_error, two.validation_error));
        cr_assert(!memcmp(nn_network_values(whole), nn_network_values(parts), nn_network_size(whole) * sizeof(double)), "method %d", m);
        nn_network *saved = nn_network_open(path, (ad_allocator){0}, NULL);
        cr_assert(saved && !memcmp(nn_network_values(whole), nn_network_values(saved), nn_network_size(whole) * sizeof(double)));
        nn_network_free(saved);
        nn_network_free(whole);
        nn_network_free(parts);
    }
    nn_train_options other = long_training(path, NN_LBFGS);
    other.resume = 1;
    other.seed = 7;
    nn_network *net = network(6, 1);
    nn_result r = nn_train(net, data, other);
    cr_assert(r.fault.status == AD_ERROR_DATA && strstr(r.fault.message, "another training"), "%s", r.fault.message);
    nn_network_free(net);
    unlink(path);
}

/* A training that has come to its end stays there, and its checkpoint has the network as it is. */
Test(checkpoint, a_checkpoint_of_the_end_stays_at_the_end)
{
    static const struct { nn_reason reason; nn_train_options o; } ends[] = {
        {NN_GOAL_REACHED, {.goal = 0.1, .optimiser = {.rate = 0.5}, .epochs = 5000, .checkpoint_every = 7}},
        {NN_CONVERGED, {.optimiser = {.method = NN_LBFGS}, .epochs = 5000, .checkpoint_every = 1000}},
        {NN_EPOCHS_DONE, {.epochs = 25, .checkpoint_every = 10}},
        {NN_NO_GAIN, {.epochs = 1000, .patience = 2, .validation = 0.25, .optimiser = {.rate = 1}}},
    };
    char path[] = "/tmp/nn_checkpoint_XXXXXX";
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        unlink(path);
        nn_train_options options = ends[i].o;
        options.checkpoint = path;
        options.resume = 1;
        nn_network *net = network(4, 1), *saved;
        nn_result first = nn_train(net, xor_data(), options), again;
        TRAINED(first);
        cr_assert_eq(first.reason, ends[i].reason, "case %zu: reason %d", i, (int)first.reason);
        saved = nn_network_open(path, (ad_allocator){0}, NULL);
        cr_assert(saved && !memcmp(nn_network_values(net), nn_network_values(saved), nn_network_size(net) * sizeof(double)), "case %zu", i);
        again = nn_train(saved, xor_data(), options);
        TRAINED(again);
        cr_assert(again.reason == first.reason && again.epochs == first.epochs && again.steps == first.steps, "case %zu: %zu epochs, then %zu", i,
                  first.epochs, again.epochs);
        cr_assert(!memcmp(nn_network_values(net), nn_network_values(saved), nn_network_size(net) * sizeof(double)), "case %zu", i);
        nn_network_free(net);
        nn_network_free(saved);
    }
    unlink(path);
}
