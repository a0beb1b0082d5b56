"""Ways from one engine to another: a graph of steps, a planner, and commands for bash."""
