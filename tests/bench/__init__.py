"""Benchmarks of the real server, run by hand: `python -m tests.bench [NAME ...]`, or `make bench` and `make soak`.

Each starts `oncard serve` on fresh data on a disk, loads it, and prints one table. What is compared is measured in one
run, in rounds that take turns, and each figure is the median of the rounds with the least and the most beside it: the
machine's noise. A benchmark whose alerts do not all end in the database is void, and says so.
"""
