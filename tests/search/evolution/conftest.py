import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # spawned workers get this path too, and find evolving_problems there
