#include "CWebIOTemplates.h"

// Each EMBED is one file; CI compares the list with the folder. `gitignore` is written with its dot, which it lacks
// here so that it does not act on this repository.
#define EMBED(name) static const unsigned char name[]

EMBED(hello_package_swift) = {
#embed "hello/Package.swift"
};
EMBED(hello_readme_md) = {
#embed "hello/README.md"
};
EMBED(hello_gitignore) = {
#embed "hello/gitignore"
};
EMBED(hello_sources_main_swift) = {
#embed "hello/Sources/main.swift"
};
EMBED(hello_tests_hellotests_swift) = {
#embed "hello/Tests/HelloTests.swift"
};
EMBED(bmi_package_swift) = {
#embed "bmi/Package.swift"
};
EMBED(bmi_readme_md) = {
#embed "bmi/README.md"
};
EMBED(bmi_gitignore) = {
#embed "bmi/gitignore"
};
EMBED(bmi_sources_main_swift) = {
#embed "bmi/Sources/main.swift"
};
EMBED(bmi_tests_bmitests_swift) = {
#embed "bmi/Tests/BMITests.swift"
};
EMBED(form_package_swift) = {
#embed "form/Package.swift"
};
EMBED(form_readme_md) = {
#embed "form/README.md"
};
EMBED(form_gitignore) = {
#embed "form/gitignore"
};
EMBED(form_sources_main_swift) = {
#embed "form/Sources/main.swift"
};
EMBED(form_tests_signuptests_swift) = {
#embed "form/Tests/SignUpTests.swift"
};
EMBED(chat_package_swift) = {
#embed "chat/Package.swift"
};
EMBED(chat_readme_md) = {
#embed "chat/README.md"
};
EMBED(chat_gitignore) = {
#embed "chat/gitignore"
};
EMBED(chat_sources_main_swift) = {
#embed "chat/Sources/main.swift"
};
EMBED(chat_tests_chattests_swift) = {
#embed "chat/Tests/ChatTests.swift"
};
EMBED(gallery_package_swift) = {
#embed "gallery/Package.swift"
};
EMBED(gallery_readme_md) = {
#embed "gallery/README.md"
};
EMBED(gallery_gitignore) = {
#embed "gallery/gitignore"
};
EMBED(gallery_sources_data_swift) = {
#embed "gallery/Sources/Data.swift"
};
EMBED(gallery_sources_example_swift) = {
#embed "gallery/Sources/Example.swift"
};
EMBED(gallery_sources_inputs_swift) = {
#embed "gallery/Sources/Inputs.swift"
};
EMBED(gallery_sources_layout_swift) = {
#embed "gallery/Sources/Layout.swift"
};
EMBED(gallery_sources_live_swift) = {
#embed "gallery/Sources/Live.swift"
};
EMBED(gallery_sources_pins_swift) = {
#embed "gallery/Sources/Pins.swift"
};
EMBED(gallery_sources_text_swift) = {
#embed "gallery/Sources/Text.swift"
};
EMBED(gallery_sources_main_swift) = {
#embed "gallery/Sources/main.swift"
};
EMBED(gallery_tests_gallerytests_swift) = {
#embed "gallery/Tests/GalleryTests.swift"
};
EMBED(cluster_package_swift) = {
#embed "cluster/Package.swift"
};
EMBED(cluster_readme_md) = {
#embed "cluster/README.md"
};
EMBED(cluster_gitignore) = {
#embed "cluster/gitignore"
};
EMBED(cluster_containerfile) = {
#embed "cluster/Containerfile"
};
EMBED(cluster_sources_main_swift) = {
#embed "cluster/Sources/main.swift"
};
EMBED(cluster_tests_notebooktests_swift) = {
#embed "cluster/Tests/NotebookTests.swift"
};
EMBED(cluster_deploy_cluster_conf) = {
#embed "cluster/deploy/cluster.conf"
};
EMBED(cluster_deploy_start) = {
#embed "cluster/deploy/start"
};
EMBED(cluster_deploy_roll) = {
#embed "cluster/deploy/roll"
};
EMBED(cluster_deploy_instance) = {
#embed "cluster/deploy/instance"
};
EMBED(cluster_deploy_proxy) = {
#embed "cluster/deploy/proxy"
};
EMBED(cluster_deploy_haproxy_cfg) = {
#embed "cluster/deploy/haproxy.cfg"
};
EMBED(cluster_deploy_nginx_conf) = {
#embed "cluster/deploy/nginx.conf"
};
EMBED(cluster_deploy_app__service) = {
#embed "cluster/deploy/app@.service"
};
EMBED(cluster_deploy_app__socket) = {
#embed "cluster/deploy/app@.socket"
};
EMBED(cluster_deploy_proxy_service) = {
#embed "cluster/deploy/proxy.service"
};
EMBED(httpserver_package_swift) = {
#embed "httpserver/Package.swift"
};
EMBED(httpserver_readme_md) = {
#embed "httpserver/README.md"
};
EMBED(httpserver_gitignore) = {
#embed "httpserver/gitignore"
};
EMBED(httpserver_sources_main_swift) = {
#embed "httpserver/Sources/main.swift"
};
EMBED(httpserver_sources_apps_swift) = {
#embed "httpserver/Sources/Apps.swift"
};
EMBED(httpserver_sources_site_swift) = {
#embed "httpserver/Sources/Site.swift"
};
EMBED(httpserver_tests_sitetests_swift) = {
#embed "httpserver/Tests/SiteTests.swift"
};
EMBED(httpserver_tests_visitor_swift) = {
#embed "httpserver/Tests/Visitor.swift"
};
EMBED(flyingfox_package_swift) = {
#embed "flyingfox/Package.swift"
};
EMBED(flyingfox_readme_md) = {
#embed "flyingfox/README.md"
};
EMBED(flyingfox_sources_site_swift) = {
#embed "flyingfox/Sources/Site.swift"
};
EMBED(flyingfox_sources_flyingfoxadapter_swift) = {
#embed "flyingfox/Sources/FlyingFoxAdapter.swift"
};
EMBED(hummingbird_package_swift) = {
#embed "hummingbird/Package.swift"
};
EMBED(hummingbird_readme_md) = {
#embed "hummingbird/README.md"
};
EMBED(hummingbird_sources_site_swift) = {
#embed "hummingbird/Sources/Site.swift"
};
EMBED(hummingbird_sources_hummingbirdadapter_swift) = {
#embed "hummingbird/Sources/HummingbirdAdapter.swift"
};
EMBED(hummingbird_sources_websocketupgrade_swift) = {
#embed "hummingbird/Sources/WebSocketUpgrade.swift"
};
EMBED(relay_readme_md) = {
#embed "relay/README.md"
};
EMBED(relay_relay_conf) = {
#embed "relay/relay.conf"
};
EMBED(relay_start) = {
#embed "relay/start"
};
EMBED(relay_hand_out) = {
#embed "relay/hand-out"
};
EMBED(relay_claim) = {
#embed "relay/claim"
};
EMBED(relay_add_key) = {
#embed "relay/add-key"
};
EMBED(relay_install) = {
#embed "relay/install"
};
EMBED(relay_gitignore) = {
#embed "relay/gitignore"
};

static const webio_template_file files[] = {
    {"hello", "Package.swift", hello_package_swift, sizeof hello_package_swift},
    {"hello", "README.md", hello_readme_md, sizeof hello_readme_md},
    {"hello", ".gitignore", hello_gitignore, sizeof hello_gitignore},
    {"hello", "Sources/main.swift", hello_sources_main_swift, sizeof hello_sources_main_swift},
    {"hello", "Tests/HelloTests.swift", hello_tests_hellotests_swift, sizeof hello_tests_hellotests_swift},
    {"bmi", "Package.swift", bmi_package_swift, sizeof bmi_package_swift},
    {"bmi", "README.md", bmi_readme_md, sizeof bmi_readme_md},
    {"bmi", ".gitignore", bmi_gitignore, sizeof bmi_gitignore},
    {"bmi", "Sources/main.swift", bmi_sources_main_swift, sizeof bmi_sources_main_swift},
    {"bmi", "Tests/BMITests.swift", bmi_tests_bmitests_swift, sizeof bmi_tests_bmitests_swift},
    {"form", "Package.swift", form_package_swift, sizeof form_package_swift},
    {"form", "README.md", form_readme_md, sizeof form_readme_md},
    {"form", ".gitignore", form_gitignore, sizeof form_gitignore},
    {"form", "Sources/main.swift", form_sources_main_swift, sizeof form_sources_main_swift},
    {"form", "Tests/SignUpTests.swift", form_tests_signuptests_swift, sizeof form_tests_signuptests_swift},
    {"chat", "Package.swift", chat_package_swift, sizeof chat_package_swift},
    {"chat", "README.md", chat_readme_md, sizeof chat_readme_md},
    {"chat", ".gitignore", chat_gitignore, sizeof chat_gitignore},
    {"chat", "Sources/main.swift", chat_sources_main_swift, sizeof chat_sources_main_swift},
    {"chat", "Tests/ChatTests.swift", chat_tests_chattests_swift, sizeof chat_tests_chattests_swift},
    {"gallery", "Package.swift", gallery_package_swift, sizeof gallery_package_swift},
    {"gallery", "README.md", gallery_readme_md, sizeof gallery_readme_md},
    {"gallery", ".gitignore", gallery_gitignore, sizeof gallery_gitignore},
    {"gallery", "Sources/Data.swift", gallery_sources_data_swift, sizeof gallery_sources_data_swift},
    {"gallery", "Sources/Example.swift", gallery_sources_example_swift, sizeof gallery_sources_example_swift},
    {"gallery", "Sources/Inputs.swift", gallery_sources_inputs_swift, sizeof gallery_sources_inputs_swift},
    {"gallery", "Sources/Layout.swift", gallery_sources_layout_swift, sizeof gallery_sources_layout_swift},
    {"gallery", "Sources/Live.swift", gallery_sources_live_swift, sizeof gallery_sources_live_swift},
    {"gallery", "Sources/Pins.swift", gallery_sources_pins_swift, sizeof gallery_sources_pins_swift},
    {"gallery", "Sources/Text.swift", gallery_sources_text_swift, sizeof gallery_sources_text_swift},
    {"gallery", "Sources/main.swift", gallery_sources_main_swift, sizeof gallery_sources_main_swift},
    {"gallery", "Tests/GalleryTests.swift", gallery_tests_gallerytests_swift, sizeof gallery_tests_gallerytests_swift},
    {"cluster", "Package.swift", cluster_package_swift, sizeof cluster_package_swift},
    {"cluster", "README.md", cluster_readme_md, sizeof cluster_readme_md},
    {"cluster", ".gitignore", cluster_gitignore, sizeof cluster_gitignore},
    {"cluster", "Containerfile", cluster_containerfile, sizeof cluster_containerfile},
    {"cluster", "Sources/main.swift", cluster_sources_main_swift, sizeof cluster_sources_main_swift},
    {"cluster", "Tests/NotebookTests.swift", cluster_tests_notebooktests_swift, sizeof cluster_tests_notebooktests_swift},
    {"cluster", "deploy/cluster.conf", cluster_deploy_cluster_conf, sizeof cluster_deploy_cluster_conf},
    {"cluster", "deploy/start", cluster_deploy_start, sizeof cluster_deploy_start},
    {"cluster", "deploy/roll", cluster_deploy_roll, sizeof cluster_deploy_roll},
    {"cluster", "deploy/instance", cluster_deploy_instance, sizeof cluster_deploy_instance},
    {"cluster", "deploy/proxy", cluster_deploy_proxy, sizeof cluster_deploy_proxy},
    {"cluster", "deploy/haproxy.cfg", cluster_deploy_haproxy_cfg, sizeof cluster_deploy_haproxy_cfg},
    {"cluster", "deploy/nginx.conf", cluster_deploy_nginx_conf, sizeof cluster_deploy_nginx_conf},
    {"cluster", "deploy/app@.service", cluster_deploy_app__service, sizeof cluster_deploy_app__service},
    {"cluster", "deploy/app@.socket", cluster_deploy_app__socket, sizeof cluster_deploy_app__socket},
    {"cluster", "deploy/proxy.service", cluster_deploy_proxy_service, sizeof cluster_deploy_proxy_service},
    {"httpserver", "Package.swift", httpserver_package_swift, sizeof httpserver_package_swift},
    {"httpserver", "README.md", httpserver_readme_md, sizeof httpserver_readme_md},
    {"httpserver", ".gitignore", httpserver_gitignore, sizeof httpserver_gitignore},
    {"httpserver", "Sources/main.swift", httpserver_sources_main_swift, sizeof httpserver_sources_main_swift},
    {"httpserver", "Sources/Apps.swift", httpserver_sources_apps_swift, sizeof httpserver_sources_apps_swift},
    {"httpserver", "Sources/Site.swift", httpserver_sources_site_swift, sizeof httpserver_sources_site_swift},
    {"httpserver", "Tests/SiteTests.swift", httpserver_tests_sitetests_swift, sizeof httpserver_tests_sitetests_swift},
    {"httpserver", "Tests/Visitor.swift", httpserver_tests_visitor_swift, sizeof httpserver_tests_visitor_swift},
    {"flyingfox", "Package.swift", flyingfox_package_swift, sizeof flyingfox_package_swift},
    {"flyingfox", "README.md", flyingfox_readme_md, sizeof flyingfox_readme_md},
    {"flyingfox", ".gitignore", httpserver_gitignore, sizeof httpserver_gitignore},
    {"flyingfox", "Sources/main.swift", httpserver_sources_main_swift, sizeof httpserver_sources_main_swift},
    {"flyingfox", "Sources/Apps.swift", httpserver_sources_apps_swift, sizeof httpserver_sources_apps_swift},
    {"flyingfox", "Sources/FlyingFoxAdapter.swift", flyingfox_sources_flyingfoxadapter_swift, sizeof flyingfox_sources_flyingfoxadapter_swift},
    {"flyingfox", "Sources/Site.swift", flyingfox_sources_site_swift, sizeof flyingfox_sources_site_swift},
    {"flyingfox", "Tests/SiteTests.swift", httpserver_tests_sitetests_swift, sizeof httpserver_tests_sitetests_swift},
    {"flyingfox", "Tests/Visitor.swift", httpserver_tests_visitor_swift, sizeof httpserver_tests_visitor_swift},
    {"hummingbird", "Package.swift", hummingbird_package_swift, sizeof hummingbird_package_swift},
    {"hummingbird", "README.md", hummingbird_readme_md, sizeof hummingbird_readme_md},
    {"hummingbird", ".gitignore", httpserver_gitignore, sizeof httpserver_gitignore},
    {"hummingbird", "Sources/main.swift", httpserver_sources_main_swift, sizeof httpserver_sources_main_swift},
    {"hummingbird", "Sources/Apps.swift", httpserver_sources_apps_swift, sizeof httpserver_sources_apps_swift},
    {"hummingbird", "Sources/HummingbirdAdapter.swift", hummingbird_sources_hummingbirdadapter_swift, sizeof hummingbird_sources_hummingbirdadapter_swift},
    {"hummingbird", "Sources/Site.swift", hummingbird_sources_site_swift, sizeof hummingbird_sources_site_swift},
    {"hummingbird", "Sources/WebSocketUpgrade.swift", hummingbird_sources_websocketupgrade_swift, sizeof hummingbird_sources_websocketupgrade_swift},
    {"hummingbird", "Tests/SiteTests.swift", httpserver_tests_sitetests_swift, sizeof httpserver_tests_sitetests_swift},
    {"hummingbird", "Tests/Visitor.swift", httpserver_tests_visitor_swift, sizeof httpserver_tests_visitor_swift},
    {"relay", "README.md", relay_readme_md, sizeof relay_readme_md},
    {"relay", "relay.conf", relay_relay_conf, sizeof relay_relay_conf},
    {"relay", "start", relay_start, sizeof relay_start},
    {"relay", "hand-out", relay_hand_out, sizeof relay_hand_out},
    {"relay", "claim", relay_claim, sizeof relay_claim},
    {"relay", "add-key", relay_add_key, sizeof relay_add_key},
    {"relay", "install", relay_install, sizeof relay_install},
    {"relay", ".gitignore", relay_gitignore, sizeof relay_gitignore},
};

size_t webio_template_file_count(void) { return sizeof files / sizeof files[0]; }

const webio_template_file *webio_template_file_at(size_t index) {
  return index < webio_template_file_count() ? &files[index] : NULL;
}
