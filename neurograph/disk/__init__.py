"""Files that appear whole or not at all, and the locks and streams that they need."""
