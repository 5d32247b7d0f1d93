"""What the control plane and the media nodes agree on: ids, grants, token claims, node messages, error ids.

Pure and stdlib only. It is the one part of ``chalicelib`` that ``media_node`` may import.
"""
