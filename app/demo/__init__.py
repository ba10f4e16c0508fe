"""The servers of ``mcpdeck demo``: their tools, how they are started, and the entries for them."""
