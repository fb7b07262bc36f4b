"""Where labelled images come from: one file a kind of source, all opened by `open_source`."""
