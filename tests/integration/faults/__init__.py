"""The faults of feeds, one case each. Modules list cases with `@fault(number, "words")`; test_faults.py runs every one of them."""
