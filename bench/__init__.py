"""Every performance figure that the README states comes from a command here. Timings are printed, never judged."""
