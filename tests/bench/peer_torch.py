"""The problems of nn_p1.c and nn_wide.c by PyTorch in float64 on one thread, for comparison by hand; no test runs it.

usage: python3 tests/bench/peer_torch.py        (Debian: python3-torch)
"""
import statistics, time, torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(1)


def median(work, rounds=9):
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e9


def layers(sizes, activation, last):
    parts = []
    for n, m in zip(sizes, sizes[1:]):
        parts += [torch.nn.Linear(n, m), activation()]
    return torch.nn.Sequential(*(parts if last else parts[:-1]))


def gradient(net, loss, x, t):
    def work():
        net.zero_grad()
        loss(net(x), t).backward()
    return work


rows = 10000
x = 4 * torch.rand(rows, 2) - 2
t = ((x[:, 0].sin() * x[:, 1]) > 0).double()[:, None]
net = layers([2, 16, 16, 1], torch.nn.Sigmoid, True)
half = lambda y, t: 0.5 * torch.nn.functional.mse_loss(y, t, reduction="sum")
print("2-16-16-1 full batch                 %8.1f ns/row" % (median(gradient(net, half, x, t)) / rows))
adam = torch.optim.Adam(net.parameters())


def epoch():
    for i in torch.randperm(rows).split(64):
        adam.zero_grad()
        (half(net(x[i]), t[i]) / len(i)).backward()
        adam.step()


print("2-16-16-1 batches of 64, Adam        %8.1f ns/row and epoch" % (median(epoch, 3) / rows))
wide = layers([64, 128, 64, 10], torch.nn.ReLU, False)
cross = torch.nn.CrossEntropyLoss(reduction="sum")
for rows in (256, 4096):
    x, t = torch.rand(rows, 64), torch.randint(10, (rows,))
    print("64-128-64-10 softmax, %4d rows      %8.1f ns/row" % (rows, median(gradient(wide, cross, x, t)) / rows))
