/* save.c -- files of networks: the same bits come back, in any locale; what is damaged is refused and changes nothing. */
#include "../functions/failing.h"
#include "../unit/unit.h"
#include <dirent.h>
#include <locale.h>
#include <nn/nn.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/nn_save_XXXXXX", path[64];

static void begin(void)
{
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/network", folder);
}

static int files_there(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void end(void)
{
    unlink(path);
    rmdir(folder);
}

TestSuite(save, .init = begin, .fini = end);

static ad_var leaky(ad_var x) { return ad_leaky_relu(x, 0.01); }

static nn_network *network(uint64_t seed)
{
    return nn_network_new((nn_network_options){
        .inputs = 2, .seed = seed, .initialiser = NN_NORMAL,
        .layers = NN_LAYERS({.neurons = 3, .activation = ad_tanh}, {.neurons = 1, .no_bias = 1})});
}

static size_t read_all(char *text, size_t size)
{
    FILE *f = fopen(path, "rb");
    size_t n = fread(text, 1, size - 1, f);
    text[n] = 0;
    fclose(f);
    return n;
}

static void write_all(const char *text, size_t size)
{
    FILE *f = fopen(path, "wb");
    cr_assert_eq(fwrite(text, 1, size, f), size);
    fclose(f);
}

Test(save, the_same_bits_come_back)
{
    static const double odd[] = {0.1, -0.0, 5e-324, 1.7976931348623157e308, INFINITY, -INFINITY, NAN, 1e22, -1 / 3., 123456789.125, 1, 0};
    nn_network *net = network(1), *other = network(2);
    cr_assert_eq(nn_network_size(net), 12);
    memcpy(nn_network_values(net), odd, sizeof odd);
    nn_fault fault;
    cr_assert_eq(nn_network_save(net, path, &fault), AD_OK, "%s", fault.message);
    cr_assert_eq(nn_network_load(other, path, &fault), AD_OK, "%s", fault.message);
    nn_network *third = nn_network_open(path, (ad_allocator){0}, &fault);
    cr_assert(third, "%s", fault.message);
    for (size_t i = 0; i < 12; i++) {
        cr_assert(isnan(odd[i]) ? isnan(nn_network_values(other)[i]) : identical(nn_network_values(other)[i], odd[i]), "%zu", i);
        cr_assert(isnan(odd[i]) ? isnan(nn_network_values(third)[i]) : identical(nn_network_values(third)[i], odd[i]), "%zu", i);
    }
    cr_assert_str_eq(nn_activation_name(nn_network_activation(third, 0)), "tanh");
    cr_assert(nn_network_has_bias(third, 0) && !nn_network_has_bias(third, 1) && !nn_network_activation(third, 1));
    cr_assert_eq(files_there(), 1);
    nn_network_free(net);
    nn_network_free(other);
    nn_network_free(third);
}

Test(save, the_file_is_as_documented)
{
    static const double w[] = {0.1, 0.5, -2};
    nn_network *net = nn_network_new((nn_network_options){
        .inputs = 2, .layers = NN_LAYERS({.neurons = 1, .activation = ad_sigmoid}), .values = w});
    cr_assert_eq(nn_network_save(net, path, NULL), AD_OK);
    char text[1000];
    read_all(text, sizeof text);
    cr_assert_str_eq(text, "chainrule network 1\ninputs 2\nlayer 1 sigmoid bias\nparameters 3\n"
                           "layer1.neuron1.w1 0.10000000000000001\nlayer1.neuron1.w2 0.5\nlayer1.neuron1.b -2\nchecksum 958deb47\n");
    nn_network_free(net);
}

Test(save, a_locale_with_a_comma_changes_nothing)
{
    char first[2000], second[2000];
    nn_network *net = network(1), *other = network(2);
    cr_assert_eq(nn_network_save(net, path, NULL), AD_OK);
    read_all(first, sizeof first);
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    int found = 0;
    for (size_t i = 0; i < 4 && !found; i++)
        found = setlocale(LC_ALL, commas[i]) != NULL;
    if (!found)
        cr_skip_test("no such locale on this machine");
    cr_assert_eq(nn_network_save(net, path, NULL), AD_OK);
    read_all(second, sizeof second);
    cr_assert_str_eq(first, second);
    cr_assert_eq(nn_network_load(other, path, NULL), AD_OK);
    cr_assert(!memcmp(nn_network_values(net), nn_network_values(other), 12 * sizeof(double)));
    nn_network_free(net);
    nn_network_free(other);
}

Test(save, an_activation_of_ones_own_is_custom)
{
    nn_network_options options = {.inputs = 1, .layers = NN_LAYERS({.neurons = 1, .activation = leaky})};
    nn_network *net = nn_network_new(options), *other = nn_network_new(options);
    nn_fault fault;
    nn_network_values(net)[0] = 0.25;
    cr_assert_eq(nn_network_save(net, path, &fault), AD_OK);
    cr_assert_eq(nn_network_load(other, path, &fault), AD_OK, "%s", fault.message);
    cr_assert_eq(nn_network_values(other)[0], 0.25);
    cr_assert_null(nn_network_open(path, (ad_allocator){0}, &fault));
    cr_assert_eq(fault.status, AD_ERROR_DATA);
    cr_assert(strstr(fault.message, "line 3: the activation is no row"), "%s", fault.message);
    nn_network_free(net);
    nn_network_free(other);
}

#define HEAD   "chainrule network 1\ninputs 1\nlayer 1 tanh bias\nparameters 2\n"
#define VALUES "layer1.neuron1.w1 0.5\nlayer1.neuron1.b -2\n"
#define NONE   "checksum none\n"

Test(save, malformed_files_are_refused_with_their_line)
{
    static const struct { const char *text, *says; } cases[] = {
        {"", "line 1: this is no file of a network"},
        {"\x89PNG\r\n\x1a\n", "line 1: this is no file of a network"},
        {"chainrule network 2\ninputs 1\n", "line 1: version \"2\""},
        {"chainrule network 1", "line 1: the file ends within a line"},
        {"chainrule network 1\n", "line 2: the file ends too early"},
        {"chainrule network 1\ninputs\n", "line 2: \"inputs\" and a number"},
        {"chainrule network 1\ninputs x\n", "line 2: \"inputs\" and a number"},
        {"chainrule network 1\ninputs -1\n", "line 2: \"inputs\" and a number"},
        {"chainrule network 1\ninputs 1 2\n", "line 2: \"inputs\" and a number"},
        {"chainrule network 1\ninputs 99999999999999999999999999\n", "line 2: \"inputs\" and a number"},
        {"chainrule network 1\ninputs 2\nlayer 1 tanh bias\n", "line 2: 2 inputs, the network has 1"},
        {"chainrule network 1\ninputs 1\nlayer 1 tanh\n", "line 3: \"layer\", neurons"},
        {"chainrule network 1\ninputs 1\nlayer 0 tanh bias\n", "line 3: \"layer\", neurons"},
        {"chainrule network 1\ninputs 1\nlayer 1 tanh maybe\n", "line 3: \"layer\", neurons"},
        {"chainrule network 1\ninputs 1\nlayer 1 tahn bias\n", "line 3: \"tahn\" is no unary row"},
        {"chainrule network 1\ninputs 1\nlayer 1 sigmoid bias\n", "line 3: layer 1 is \"1 sigmoid bias\", that of the network \"1 tanh bias\""},
        {"chainrule network 1\ninputs 1\nlayer 1 tanh no_bias\n", "line 3: layer 1 is"},
        {"chainrule network 1\ninputs 1\nlayer 2 tanh bias\n", "line 3: layer 1 is"},
        {"chainrule network 1\ninputs 1\nlayer 1 tanh bias\nlayer 1 tanh bias\n", "line 4: \"parameters\" and a number"},
        {"chainrule network 1\ninputs 1\nlayer 1 tanh bias\nparameters 3\n", "line 4: 3 parameters, the network has 2"},
        {HEAD "layer1.neuron1.w2 0.5\nlayer1.neuron1.b -2\n" NONE, "line 5: layer1.neuron1.w1 is expected, not \"layer1.neuron1.w2\""},
        {HEAD "layer1.neuron1.w1\nlayer1.neuron1.b -2\n" NONE, "line 5: a number is expected"},
        {HEAD "layer1.neuron1.w1 0,5\nlayer1.neuron1.b -2\n" NONE, "line 5: a number is expected, not \"0,5\""},
        {HEAD "layer1.neuron1.w1 0.5 7\nlayer1.neuron1.b -2\n" NONE, "line 5: a number is expected"},
        {HEAD "layer1.neuron1.w1 0.5\n", "line 6: the file ends too early"},
        {HEAD "layer1.neuron1.w1 0.5\nlayer1.neuron1.b -2", "line 6: the file ends within a line"},
        {HEAD VALUES, "line 7: the file ends too early"},
        {HEAD VALUES "checksum\n", "line 7: \"checksum\" is expected"},
        {HEAD VALUES "sum 0\n", "line 7: \"checksum\" is expected"},
        {HEAD VALUES "checksum 00000000\n", "line 7: the checksum is"},
        {HEAD VALUES NONE "more\n", "line 7: there is more after the checksum"},
        {HEAD VALUES "state 5\n1\n" NONE, "line 9: a number is expected"},
        {HEAD VALUES "state 1\nx\n" NONE, "line 8: a number is expected"},
        {HEAD VALUES "state 99999999999999999\n1\n" NONE, "line 7: 99999999999999999 numbers are more"},
    };
    const double values[] = {3, 4};
    nn_network *net = nn_network_new((nn_network_options){.inputs = 1, .layers = NN_LAYERS({.neurons = 1, .activation = ad_tanh}),
                                                          .values = values});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_fault fault;
        write_all(cases[i].text, strlen(cases[i].text));
        ad_status status = nn_network_load(net, path, &fault);
        cr_assert(status == AD_ERROR_DATA && fault.status == status, "case %zu: status %d", i, (int)status);
        cr_assert(strstr(fault.message, cases[i].says) && strstr(fault.message, path), "case %zu: %s", i, fault.message);
        cr_assert(nn_network_values(net)[0] == 3 && nn_network_values(net)[1] == 4, "case %zu changed the network", i);
        nn_network *opened = nn_network_open(path, (ad_allocator){0}, &fault);
        cr_assert((opened == NULL) == (fault.status != AD_OK), "case %zu", i);
        nn_network_free(opened);
    }
    static const char *const fine[] = {HEAD VALUES NONE, "chainrule network 1\r\ninputs 1\r\nlayer 1 tanh bias\r\nparameters 2\r\n"
                                       "layer1.neuron1.w1 0.5\r\nlayer1.neuron1.b -2\r\nchecksum none\r\n"};
    for (size_t i = 0; i < 2; i++) {
        write_all(fine[i], strlen(fine[i]));
        nn_network_values(net)[0] = 3;
        cr_assert_eq(nn_network_load(net, path, NULL), AD_OK);
        cr_assert(nn_network_values(net)[0] == 0.5 && nn_network_values(net)[1] == -2);
    }
    nn_network_free(net);
}

/* Any byte changed, any byte missing at the end. */
Test(save, damage_anywhere_is_seen)
{
    char text[2000];
    nn_network_options one = {.inputs = 1, .layers = NN_LAYERS({.neurons = 1})};
    nn_network *net = nn_network_new(one), *other = nn_network_new(one);
    cr_assert_eq(nn_network_save(net, path, NULL), AD_OK);
    size_t size = read_all(text, sizeof text);
    double before[2];
    memcpy(before, nn_network_values(other), sizeof before);
    for (size_t cut = 0; cut < size; cut++) {
        write_all(text, cut);
        cr_assert_eq(nn_network_load(other, path, NULL), AD_ERROR_DATA, "cut to %zu bytes", cut);
    }
    for (size_t at = 0; at < size; at++) {
        char was = text[at];
        text[at] = (char)(was ^ (at % 7 + 1));
        if (text[at] != '\r') {
            write_all(text, size);
            cr_assert_eq(nn_network_load(other, path, NULL), AD_ERROR_DATA, "byte %zu: '%c' for '%c'", at, text[at], was);
        }
        text[at] = was;
    }
    cr_assert(!memcmp(before, nn_network_values(other), sizeof before));
    nn_network_free(net);
    nn_network_free(other);
}

Test(save, what_cannot_be_written_or_read_is_said_and_leaves_no_litter)
{
    nn_fault fault;
    nn_network *net = network(1);
    cr_assert_eq(nn_network_save(net, "/nowhere/network", &fault), AD_ERROR_IO);
    cr_assert(strstr(fault.message, "/nowhere/network") && strstr(fault.message, "No such file"), "%s", fault.message);
    cr_assert_eq(nn_network_load(net, "/nowhere/network", &fault), AD_ERROR_IO);
    cr_assert_null(nn_network_open("/nowhere/network", (ad_allocator){0}, &fault));
    cr_assert_eq(fault.status, AD_ERROR_IO);
    cr_assert_eq(nn_network_save(net, NULL, &fault), AD_ERROR_ARGUMENT);
    cr_assert_eq(nn_network_load(NULL, path, &fault), AD_ERROR_ARGUMENT);
    cr_assert_eq(nn_network_load(net, folder, &fault), AD_ERROR_IO);      /* a folder */
    cr_assert_eq(mkdir(path, 0700), 0);                                   /* a folder in the file's place */
    cr_assert_eq(nn_network_save(net, path, &fault), AD_ERROR_IO);
    cr_assert_eq(files_there(), 1);
    rmdir(path);
    nn_network_free(net);
}

Test(save, a_file_replaced_keeps_its_permissions)
{
    nn_network *net = network(1);
    struct stat now;
    cr_assert_eq(nn_network_save(net, path, NULL), AD_OK);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(nn_network_save(net, path, NULL), AD_OK);
    cr_assert_eq(stat(path, &now), 0);
    cr_assert_eq(now.st_mode & 0777, 0640);
    nn_network_free(net);
}

/* Nothing of the size that they tell of is made. */
Test(save, small_files_that_tell_of_large_networks_are_refused)
{
    static const struct { const char *text, *says; } cases[] = {
        {"chainrule network 1\ninputs 100000000\nlayer 1 tanh no_bias\nparameters 100000000\nchecksum none\n", "line 4: 100000000 parameters are more"},
        {"chainrule network 1\ninputs 1000000000000\nlayer 1000000000000 tanh bias\nparameters 4\nchecksum none\n", "line 4: 4 parameters; "},
        {"chainrule network 1\ninputs 0\nlayer 1 tanh bias\nparameters 1\nlayer1.neuron1.b 0\nchecksum none\n", "line 4: 1 parameters; 0 inputs"},
        {"chainrule network 1\ninputs 2\nparameters 0\nchecksum none\n", "line 3: 0 parameters; 2 inputs and the 0 layers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        failing m = {0};
        nn_fault fault;
        write_all(cases[i].text, strlen(cases[i].text));
        cr_assert_null(nn_network_open(path, failing_allocator(&m), &fault));
        cr_assert(fault.status == AD_ERROR_DATA && strstr(fault.message, cases[i].says), "case %zu: %s", i, fault.message);
        cr_assert_lt(m.calls, 10);
    }
}

static int life(failing *m)
{
    nn_fault fault;
    nn_network *net = network(1), *own;
    ad_allocator a = failing_allocator(m);
    own = nn_network_new((nn_network_options){.inputs = 2, .allocator = a, .values = nn_network_values(net),
                                              .layers = NN_LAYERS({.neurons = 3, .activation = ad_tanh}, {.neurons = 1, .no_bias = 1})});
    int fine = own && nn_network_save(own, path, &fault) == AD_OK;
    fine = fine && nn_network_load(own, path, &fault) == AD_OK;
    nn_network *opened = nn_network_open(path, a, &fault);
    cr_assert((opened != NULL) == (fault.status == AD_OK));
    cr_assert(opened || fault.status == AD_ERROR_NO_MEMORY || fault.status == AD_ERROR_IO, "%s", fault.message);
    fine = fine && opened;
    nn_network_free(opened);
    nn_network_free(own);
    nn_network_free(net);
    return fine;
}

Test(save, each_allocation_may_fail)
{
    failing m = {0};
    cr_assert(life(&m));
    long calls = m.calls;
    for (long k = 1; k <= calls; k++) {
        m = (failing){.fail_at = k};
        cr_assert(!life(&m), "allocation %ld", k);
        cr_assert(m.live == 0 && !m.wrong, "allocation %ld: %zu bytes, wrong %d", k, m.live, m.wrong);
    }
}
