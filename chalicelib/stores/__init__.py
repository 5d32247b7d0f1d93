"""DynamoDB through PynamoDB: the only place that imports it. Items in, domain objects out."""
