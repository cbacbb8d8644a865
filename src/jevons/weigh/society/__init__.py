"""What lies beyond carbon: where calls ran, whose water that took, and what the public paid for the sites."""
