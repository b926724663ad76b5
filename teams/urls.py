from django.urls import path, re_path

from teams import views

app_name = "teams"
urlpatterns = [
    path("welcome/", views.welcome, name="welcome"),
    path("tokens/", views.tokens, name="tokens"),
    re_path("^tokens/(?P<token_id>[a-f0-9]{24})/revoke/$", views.revoke_token, name="revoke_token"),
]
