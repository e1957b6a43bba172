"""The warehouse: one owner writes it, generations are published by pointer, `Reader` is the only door."""
