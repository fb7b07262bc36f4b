"""Heat maps out of bare arrays, and whether they are true."""
