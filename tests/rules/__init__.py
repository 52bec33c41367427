"""The thirty rules of reliability and security, each with a test named after it.

Most use the world of the fault matrix: the local archive, and the public calls.
"""
