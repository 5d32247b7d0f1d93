"""The description of the API: answer models, the catalogue of calls, and the OpenAPI document made of them.

Nothing here is imported when the Lambda starts, only when somebody asks for the description.
"""
