"""What mutations did, each as a frozen object that can be undone, done again and undone again.

An effect is recorded before its first write, so that whoever finds a graph in the middle of one knows what to take
back. Toggling one changes the graph back and records the effect that changes it forth again. Births hold numbers only:
what was born is read from the graph when it dies. A new effect is a class in one of these files and a line in `plain`.
"""
