"""
SCIM 2.0 (RFC 7643, 7644): how a directory provisions accounts and groups.

`scim2-models` reads bodies, filters and patches. It is loaded with the first such request, since it
takes longer to load than the rest of the service; so nothing outside of this package imports
`resources`, `search` or `desk`.
"""
