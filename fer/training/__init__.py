"""Training a network: its recipe, the loop, the run's files, distillation."""
