"""Figures, not tests: `just bench` prints them as the tables of docs/performance.md.

Each figure is a ratio within one run, against a peer that does less (a bare FastAPI route) or the commit before;
nothing here asserts a time, and pytest collects nothing here. Needs what the tests need, and `wrk`.
"""
