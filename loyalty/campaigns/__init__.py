"""Campaigns: tried on past orders, signed by who pays, run by date, measured against members held out, settled to the cent."""
