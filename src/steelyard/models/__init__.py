"""The models for tables, and the seam between them and the comparison."""
