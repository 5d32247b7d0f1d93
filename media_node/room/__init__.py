"""Pure state of one session on its owner: who is there, who publishes, who subscribes."""
