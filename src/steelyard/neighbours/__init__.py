"""Exact nearest neighbours: one search and one tie rule for everything in this package.

A row is never its own neighbour, by row number and not by distance; of rows at the same distance
the one with the lower row number is nearer. NumPy and threads only; nothing here knows a table.
"""

from steelyard.neighbours.counting import enough_nearer
from steelyard.neighbours.mixed import mixed_neighbours
from steelyard.neighbours.nearest import farthest, nearest
from steelyard.neighbours.points import Points, make_points
from steelyard.neighbours.rows import all_neighbours, neighbours_of, pack
from steelyard.neighbours.scaling import choose_scaling, distances

__all__ = [
    "Points",
    "all_neighbours",
    "choose_scaling",
    "distances",
    "enough_nearer",
    "farthest",
    "make_points",
    "mixed_neighbours",
    "nearest",
    "neighbours_of",
    "pack",
]
