"""What is gathered while data runs through a network."""
