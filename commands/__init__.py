"""The commands behind `cli.py`: they compose the rooms and print. Nothing imports them but `cli.py`."""
