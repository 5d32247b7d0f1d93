"""The control plane: everything that runs in Lambda, by layer."""
