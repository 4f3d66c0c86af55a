"""The OpenAPI 3.1 description of REST, written from the declarations that validate requests."""

from api.openapi.document import MEDIA_TYPES, openapi_document

__all__ = ["MEDIA_TYPES", "openapi_document"]
