"""Deployment: CDK stacks, and the stand-in for AWS on a laptop in local/."""
