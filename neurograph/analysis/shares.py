"""How many of each of several groups to take, when only so many may be taken in all."""


def equal_shares(counts: list[int], most: int) -> list[int]:
    """All of the small groups, and equal shares of what is left for the large.

    Examples
    --------
    >>> equal_shares([10, 2, 10], 8)
    [3, 2, 3]
    """
    shares, left = [0] * len(counts), most
    by_size = sorted(range(len(counts)), key=lambda at: counts[at])
    for done, at in enumerate(by_size):
        shares[at] = min(counts[at], left // (len(counts) - done))
        left -= shares[at]
    return shares
