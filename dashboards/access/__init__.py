"""Log-in, log-out, sessions and the headers that keep a browser honest."""
