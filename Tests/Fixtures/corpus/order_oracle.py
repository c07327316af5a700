"""The order of data computed a second way, from the documentation alone: prints the pinned hashes of DataOrderTests.

Run: python3 order_oracle.py   (Python 3.9 or later, no packages)
"""

import hashlib
import struct
from fractions import Fraction

M = (1 << 64) - 1


def mixed(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return z ^ (z >> 31)


def seeded(seed):
    return mixed((seed + 0x9E3779B97F4A7C15) & M)


def split(key, part):
    if isinstance(part, int):
        return mixed(key ^ mixed((part + 0xD1B54A32D192ED03) & M))
    h = 0xCBF29CE484222325
    for byte in part.encode():
        h = ((h ^ byte) * 0x100000001B3) & M
    return mixed(key ^ mixed(h))


def bits(key, counter):
    return mixed((key + counter * 0x9E3779B97F4A7C15) & M)


def permutation(count, key):
    half = (max(2, (count - 1).bit_length()) + 1) // 2
    mask = (1 << half) - 1
    keys = [split(key, i) for i in range(6)]

    def element(x):
        while True:
            left, right = x >> half, x & mask
            for k in keys:
                left, right = right, left ^ (bits(k, right) & mask)
            x = left << half | right
            if x < count:
                return x

    return [element(i) for i in range(count)]


def proportional(domains, key, samples):
    everything = [(d, i) for d, (_, count) in enumerate(domains) for i in range(count)]
    out = []
    epoch = 0
    while len(out) < samples:
        out += [everything[x] for x in permutation(len(everything), split(key, epoch))]
        epoch += 1
    return out[:samples]


def chairman(weights, samples):
    """Tijdeman's rule with exact fractions and no period."""
    total = sum(weights.values())
    share = {d: Fraction(w, total) for d, w in weights.items()}
    delta = Fraction(1, 2 * len(weights) - 2)
    counts = dict.fromkeys(weights, 0)
    for n in range(1, samples + 1):
        due = [d for d in sorted(weights) if share[d] * n - counts[d] >= delta]
        chosen = min(due, key=lambda d: ((1 - delta) - (share[d] * n - counts[d])) / share[d])
        yield chosen, counts[chosen]
        counts[chosen] += 1


def weighted(domains, weights, key, samples):
    epochs = {}
    for d, earlier in chairman(weights, samples):
        name, count = domains[d]
        epoch, position = divmod(earlier, count)
        if (d, epoch) not in epochs:
            epochs[d, epoch] = permutation(count, split(split(key, name), epoch))
        yield d, epochs[d, epoch][position]


def fingerprint(domains, sequences):
    h = hashlib.sha256(b"grove order 1\n")
    for name, _ in domains:
        h.update(f"{len(name.encode())} {name}\n".encode())
    for d, i in sequences:
        h.update(struct.pack("<qq", d, i))
    return h.hexdigest()


if __name__ == "__main__":
    domains = [("code", 11), ("empty", 0), ("math", 5), ("web", 37)]
    key = split(split(seeded(1), "data order"), "f")
    print("proportional", fingerprint(domains, proportional(domains, key, 800)))
    print("weighted web 3, math 1", fingerprint(domains, weighted(domains, {3: 3, 2: 1}, key, 800)))
