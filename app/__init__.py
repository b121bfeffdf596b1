"""The portal and all business rules of the customer centre.

Importing this package loads nothing: the subscriber imports ``app.monitoring``
without Flask.
"""
