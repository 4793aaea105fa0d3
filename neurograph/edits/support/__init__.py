"""What several edits share: donors and relays, copies, paths, reach."""
