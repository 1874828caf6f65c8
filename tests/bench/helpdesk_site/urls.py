"""Where helpdesk stands on its site."""

from django.urls import include, path  # type: ignore[import-not-found]  # in the bench's own environment only

urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
