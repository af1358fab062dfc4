/* slips.c -- the mistakes that hand derivations of textbooks, lectures and posts make over and over, each found and named. */
#include "judging.h"

#define NEURON "const x = 1.7\nconst t = 0.25\nconst n = 4\nparam w = 0.6\nparam b = -0.2\nparam u = 1.3\ne = w*x + b\ny = sigmoid(e)\n" \
               "h = tanh(u*y)\nE = (t - h)^2/n\nminimize E\n"

Test(slips, of_a_squared_loss)
{
    BLAMES(NEURON "claim dE/dh = 2*(t - h)/n\n", AD_CAUSE_SIGN, "sign");
    BLAMES(NEURON "claim dE/dh = -(t - h)/n\n", AD_CAUSE_FACTOR, "a factor 2 too small");
    BLAMES(NEURON "claim dE/dh = -2*(t - h)\n", AD_CAUSE_FACTOR, "n = 4");
    BLAMES(NEURON "claim dE/dh = -2*(t - h)*n\n", AD_CAUSE_FACTOR, "16");
}

Test(slips, of_the_chain_rule)
{
    BLAMES(NEURON "claim dE/de = -2*(t - h)/n*(1 - h^2)*u\n", AD_CAUSE_MISSING_FACTOR, "sigmoid'(e) = dy/de");
    BLAMES(NEURON "claim dE/dw = -2*(t - h)/n*(1 - h^2)*u*y*(1 - y)\n", AD_CAUSE_MISSING_FACTOR, "x = de/dw");
    BLAMES(NEURON "claim dE/dw = -2*(t - h)/n*u*y*(1 - y)*x\n", AD_CAUSE_MISSING_FACTOR, "tanh'(u*y)");
    BLAMES(NEURON "claim dE/dw = dh/dw\n", AD_CAUSE_MISSING_FACTOR, "dE/dh");
    BLAMES("param x = 0.8\nclaim d(exp(-x^2))/d(x) = exp(-x^2)\n", AD_CAUSE_MISSING_FACTOR, "d(-x^2)/d(x)");
    BLAMES("param x = 0.8\nclaim d(sin(3*x))/d(x) = cos(3*x)\n", AD_CAUSE_FACTOR, "a factor 3");
}

Test(slips, of_the_point_at_which_a_slope_is_taken)
{
    BLAMES(NEURON "claim dE/du = -2*(t - h)/n*(1 - y^2)*y\n", AD_CAUSE_WRONG_POINT, "tanh'(u*y) is taken at y");
    /* the derivative of the sigmoid applied to its value, as if that were what was summed */
    BLAMES(NEURON "claim dy/dw = sigmoid(y)*(1 - sigmoid(y))*x\n", AD_CAUSE_WRONG_POINT, "sigmoid'(e) = dy/de is taken at y");
    /* and its short form applied to what was summed, as if that were its value */
    BLAMES(NEURON "claim dy/dw = e*(1 - e)*x\n", AD_CAUSE_WRONG_POINT, "e for sigmoid");
    BLAMES("param x = 0.4\nclaim d(tanh(x))/d(x) = 1 - x^2\n", AD_CAUSE_WRONG_POINT, "x for tanh");
}

Test(slips, of_a_formula_s_own_powers_and_functions)
{
    BLAMES("param x = 1.3\nparam m = 0.2\nparam s = 0.8\nE = log(s) + ((x - m)/s)^2/2\nclaim dE/ds = 1/s - (x - m)^2/s^2\n", AD_CAUSE_MISSING_FACTOR, "one more factor s in s^2");
    BLAMES("param V = 2\nparam K = 0.3\nparam S = 0.7\nclaim d(V*S/(K + S))/d(K) = -V*S/(K + S)\n", AD_CAUSE_MISSING_FACTOR, "(K + S)^2 in the place");
    BLAMES("param V = 2\nparam K = 0.3\nparam S = 0.7\nclaim d(V*S/(K + S))/d(K) = -V/(K + S)^2\n", AD_CAUSE_MISSING_FACTOR, "missing factor S");
    BLAMES("param x = 1.3\nparam y = 0.4\nf = (1 - x)^2 + 100*(y - x^2)^2\nclaim df/dx = -400*(y - x^2) - 2*(1 - x)\n", AD_CAUSE_MISSING_FACTOR,
           "missing factor x in the slope of x^2");
    BLAMES("param x = 1.3\nparam y = 0.4\nf = (1 - x)^2 + 100*(y - x^2)^2\nclaim df/dx = 200*(y - x^2) - 2*(1 - x)\n", AD_CAUSE_MISSING_FACTOR,
           "d(y - x^2)/d(x)");
    BLAMES("param a = 0.7\nclaim d(cos(2*a)*a)/d(a) = cos(2*a) - 2*a*cos(2*a)\n", AD_CAUSE_UNKNOWN, "sin in the place of cos");
    BLAMES("param a = 0.7\nu = a*3\nh = tanh(u)\nclaim h = 0.8909\n", AD_CAUSE_UNKNOWN, "sigmoid was taken for tanh");
    BLAMES(NEURON "claim dE/du = -2*(t - h)/n*h*(1 - h)*y\n", AD_CAUSE_UNKNOWN, "written as the slope of a sigmoid");
    BLAMES(NEURON "claim dE/dw = 0\n", AD_CAUSE_MISSING_PATH, "0 says that E does not depend on w");
    judged d = judge("param x = 0.7\nparam s = 1.2\nE = exp(-x*s) + x\nclaim dE/dx = 1 - s*exp(-x*s)/exp(s)\n");
    cr_expect_eq(d.j->claims[0].n_causes, 1, "unknown is no other cause");
    drop(d);
}

Test(slips, a_name_that_happens_to_be_0_or_1_explains_nothing)
{
    BLAMES("const one = 1\nconst lam = 0.01\nparam w = 0.5\nE = (w - 2)^2/2 + 0.5*lam*w^2\nclaim dE/dw = w - 2 + lam\n", AD_CAUSE_MISSING_FACTOR, "missing factor w");
    judged d = judge("const y1 = 0\nparam f1 = 0.3\nparam f2 = -0.2\np = exp(f1)/(exp(f1) + exp(f2))\nclaim dp/df1 = p*p\n");
    cr_expect(!strstr(d.j->claims[0].detail, "y1"), "%s", d.j->claims[0].detail);
    drop(d);
}

Test(slips, of_the_rules_themselves)
{
    BLAMES("param x = 1.3\nclaim d(x^4)/d(x) = x^3\n", AD_CAUSE_FACTOR, "a factor 4 too small");
    BLAMES("param x = 1.3\nclaim d(1/x)/d(x) = 1/x^2\n", AD_CAUSE_SIGN, "sign");
    BLAMES("param x = 1.3\nclaim d(cos(x))/d(x) = sin(x)\n", AD_CAUSE_SIGN, "sign");
    BLAMES("param x = 1.3\nclaim d(sqrt(x))/d(x) = 1/sqrt(x)\n", AD_CAUSE_FACTOR, "a factor 2 too large");
    BLAMES("param x = 1.3\nclaim d(log10(x))/d(x) = 1/x\n", AD_CAUSE_FACTOR, "ln 10");
    BLAMES("param x = 1.3\nclaim d(erf(x))/d(x) = exp(-x^2)\n", AD_CAUSE_FACTOR, "2 over the root of pi");
    BLAMES("param x = 1.3\nclaim d(sin(x))/d(x) = pi/180*cos(x)\n", AD_CAUSE_FACTOR, "degrees");
    BLAMES("const a = 30\nparam k = 1\ny = k*sin(a)\nclaim y = 0.5000\n", AD_CAUSE_WRONG_POINT, "degrees");
    BLAMES("param x = 1.3\nclaim d(x*sin(x))/d(x) = cos(x)\n", AD_CAUSE_UNKNOWN, "the derivative of the product");
    BLAMES("param x = 1.3\nclaim d(x*sin(x))/d(x) = x*cos(x)\n", AD_CAUSE_MISSING_PATH, "a missing path");
    BLAMES("param x = 1.3\nparam a = 2\nclaim d(a*x/(1 + x))/d(x) = a/(1 + x)\n", AD_CAUSE_MISSING_PATH, "1 + x");
    BLAMES("param e = 0.3\nclaim d(sigmoid(e))/d(e) = sigmoid(e)*(1 + sigmoid(e))\n", AD_CAUSE_SIGN, "right with the other sign of the term sigmoid(e)");
    BLAMES("param x = 1.3\nclaim d(atan(x))/d(x) = 1/(1 - x^2)\n", AD_CAUSE_SIGN, "term x^2");
}

/* Softmax of three and cross-entropy: dE/dz1 = p1 - t1. */
#define SOFTMAX "param z1 = 0.3\nparam z2 = -1.1\nparam z3 = 0.9\nconst t1 = 1\nconst t2 = 0\nL = logsumexp(z1, z2, z3)\np1 = exp(z1 - L)\n" \
                "p2 = exp(z2 - L)\nE = -(t1*log(p1) + t2*log(p2))\nminimize E\n"

Test(slips, of_softmax_and_cross_entropy)
{
    cr_expect_eq(verdict(SOFTMAX "claim dE/dz1 = p1 - t1\n"), AD_RIGHT);
    BLAMES(SOFTMAX "claim dE/dz1 = t1 - p1\n", AD_CAUSE_SIGN, "sign");
    BLAMES(SOFTMAX "claim dE/dz1 = -t1\n", AD_CAUSE_MISSING_PATH, "L");
    cr_expect_eq(verdict(SOFTMAX "claim d(p1)/d(z2) = -p1*p2\n"), AD_RIGHT);
    BLAMES(SOFTMAX "claim d(p1)/d(z2) = p1*p2\n", AD_CAUSE_SIGN, "sign");
    BLAMES(SOFTMAX "claim d(p1)/d(z1) = p1\n", AD_CAUSE_MISSING_PATH, "L");
}

/* Batch normalisation of three numbers: the mean and the variance depend on every one of them. */
#define NORM "param a = 0.4\nparam b = 1.3\nparam c = -0.7\nconst g = 1.5\nm = mean(a, b, c)\nv = mean((a - m)^2, (b - m)^2, (c - m)^2)\n" \
             "s = 1/sqrt(v + 1e-5)\nh = (a - m)*s\ny = g*h\nE = y^2\nminimize E\n"

Test(slips, of_batch_normalisation)
{
    BLAMES(NORM "claim dh/da = s\n", AD_CAUSE_MISSING_PATH, "all but a -> h");      /* m and v held constant: two paths */
    BLAMES(NORM "claim dh/da = s - (a - m)*s^3*(a - m)/3\n", AD_CAUSE_MISSING_PATH, "m");
    BLAMES(NORM "claim dh/da = s*(1 - 1/3)\n", AD_CAUSE_MISSING_PATH, "v");
    cr_expect_eq(verdict(NORM "claim dh/da = s*(1 - 1/3) - (a - m)*s^3*(a - m)/3\n"), AD_RIGHT);
    BLAMES(NORM "claim dE/da = 2*y*(s*(1 - 1/3) - (a - m)*s^3*(a - m)/3)\n", AD_CAUSE_MISSING_FACTOR, "g = dy/dh");
}

/* Logistic regression: the gradient is (p - t) x, and is divided by the number of rows where the loss is a mean. */
#define LOGIT "const x = 2.5\nconst t = 1\nconst m = 8\nparam w = 0.3\nparam b = 0.1\nz = w*x + b\np = sigmoid(z)\n" \
              "E = -(t*log(p) + (1 - t)*log(1 - p))/m\nminimize E\n"

Test(slips, of_logistic_regression)
{
    cr_expect_eq(verdict(LOGIT "claim dE/dw = (p - t)*x/m\n"), AD_RIGHT);
    BLAMES(LOGIT "claim dE/dw = (p - t)*x\n", AD_CAUSE_FACTOR, "m = 8");
    BLAMES(LOGIT "claim dE/dw = (t - p)*x/m\n", AD_CAUSE_SIGN, "sign");
    BLAMES(LOGIT "claim dE/dw = (p - t)/m\n", AD_CAUSE_MISSING_FACTOR, "x");
    BLAMES(LOGIT "claim dE/dw = -t/p/m*x\n", AD_CAUSE_MISSING_FACTOR, "sigmoid'(z)");
}

/* The 2-2-2 network of M. Mazur, "A Step by Step Backpropagation Example" (2015), whose published figures these are. */
#define MAZUR \
    "const i1 = 0.05\nconst i2 = 0.10\nconst t1 = 0.01\nconst t2 = 0.99\nparam w1 = 0.15\nparam w2 = 0.20\nparam w3 = 0.25\nparam w4 = 0.30\n" \
    "param w5 = 0.40\nparam w6 = 0.45\nparam w7 = 0.50\nparam w8 = 0.55\nparam b1 = 0.35\nparam b2 = 0.60\n" \
    "net_h1 = w1*i1 + w2*i2 + b1\nh1 = sigmoid(net_h1)\nnet_h2 = w3*i1 + w4*i2 + b1\nh2 = sigmoid(net_h2)\n" \
    "net_o1 = w5*h1 + w6*h2 + b2\no1 = sigmoid(net_o1)\nnet_o2 = w7*h1 + w8*h2 + b2\no2 = sigmoid(net_o2)\n" \
    "E1 = (t1 - o1)^2/2\nE2 = (t2 - o2)^2/2\nE = E1 + E2\nminimize E\n"

Test(slips, the_published_figures_of_a_well_known_example_are_right)
{
    judged d = judge(MAZUR "claim net_h1 = 0.3775\nclaim h1 = 0.593269992\nclaim h2 = 0.596884378\nclaim net_o1 = 1.105905967\n"
                     "claim o1 = 0.75136507\nclaim o2 = 0.772928465\nclaim E1 = 0.274811083\nclaim E2 = 0.023560026\nclaim E = 0.298371109\n"
                     "claim dE/do1 = 0.74136507\nclaim d(o1)/d(net_o1) = 0.186815602\nclaim dE/dw5 = 0.082167041\n"
                     "claim w5 - 0.5*dE/dw5 = 0.35891648\nclaim w6 - 0.5*dE/dw6 = 0.408666186\nclaim w7 - 0.5*dE/dw7 = 0.511301270\n"
                     "claim w8 - 0.5*dE/dw8 = 0.561370121\nclaim dE/dh1 = 0.036350306\nclaim d(h1)/d(net_h1) = 0.241300709\n"
                     "claim dE/dw1 = 0.000438568\nclaim w1 - 0.5*dE/dw1 = 0.149780716\nclaim w2 - 0.5*dE/dw2 = 0.19956143\n"
                     "claim w3 - 0.5*dE/dw3 = 0.24975114\nclaim w4 - 0.5*dE/dw4 = 0.29950229\n");
    for (size_t i = 0; i < d.j->n; i++)
        cr_expect_eq(d.j->claims[i].verdict, AD_RIGHT, "%s: %.12g: %s", d.j->claims[i].claim->text, d.j->claims[i].computed, d.j->claims[i].detail);
    drop(d);
}

Test(slips, updated_weights_used_too_early)
{
    /* dE/dh1 with weights after their update, which programs that overwrite them as they go back compute. */
    BLAMES(MAZUR "claim w5 - 0.5*dE/dw5 = 0.35891648\nclaim dE1/dh1 = 0.0497094\n", AD_CAUSE_STALE_VALUE, "the updated w5 = 0.35891648");
    BLAMES(MAZUR "claim w5 - 0.5*dE/dw5 = 0.35891648\nclaim dE/dh1 = 0.030660298\n", AD_CAUSE_STALE_VALUE, "the updated w5 = 0.35891648");
    BLAMES(MAZUR "claim w5 - 0.5*dE/dw5 = 0.35891648\nclaim w7 - 0.5*dE/dw7 = 0.511301270\nclaim dE/dh1 = 0.0302297\n",
           AD_CAUSE_STALE_VALUE, "w7 = 0.51130127 and the others like it");
}

Test(slips, of_networks)
{
    BLAMES(MAZUR "claim dE/dh1 = dE/do1*o1*(1 - o1)*w5\n", AD_CAUSE_MISSING_PATH, "o2");
    BLAMES(MAZUR "claim dE/dw5 = 0.082667628\n", AD_CAUSE_OTHER_VARIABLE, "w6");
    BLAMES(MAZUR "claim dE/dw5 = dE/do1*h1\n", AD_CAUSE_MISSING_FACTOR, "sigmoid'(net_o1)");
    BLAMES(MAZUR "claim dE/dw6 = 0.082167041\nclaim dE/dw5 = 0.082667628\n", AD_CAUSE_SWAPPED, "swapped with dE/dw6");
    BLAMES(MAZUR "claim dE/dw1 = 0.00043856772\n", AD_CAUSE_SINGLE_PRECISION, "single precision");
}
