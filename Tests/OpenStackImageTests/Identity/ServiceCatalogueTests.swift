// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Service catalogue")
struct ServiceCatalogueTests {
    private let catalogue = ServiceCatalogue(json: [
        ["type": "identity", "endpoints": [["interface": "public", "url": "http://k"]]],
        [
            "type": "image",
            "endpoints": [
                ["interface": "admin", "region_id": "East", "url": "http://east-admin"],
                ["interface": "public", "region_id": "East", "url": "http://east"],
                ["interface": "public", "region": "West", "url": "http://west"],
            ],
        ],
    ])

    private func endpoint(
        _ region: String?, _ interface: EndpointInterface = .public
    ) throws(TranshipError) -> String {
        try catalogue.imageEndpoints(cloud: "c", region: region, interface: interface)[0]
    }

    @Test("region and interface choose; without a region the first listed counts")
    func chosen() throws {
        #expect(try endpoint("West") == "http://west")
        #expect(try endpoint(nil) == "http://east")
        #expect(try endpoint("East", .admin) == "http://east-admin")
    }

    @Test("what is not there is answered with what is")
    func missing() throws {
        let region = #expect(throws: TranshipError.self) { try endpoint("North") }
        #expect(region?.code == .noImageService)
        #expect(region?.hint == "use a region that has one: East, West")
        let interface = #expect(throws: TranshipError.self) { try endpoint("West", .internal) }
        #expect(interface?.hint == "set interface to one of: public")
        let none = #expect(throws: TranshipError.self) {
            try ServiceCatalogue(endpoints: [
                .init(serviceType: "identity", interface: .public, region: "R", url: "u")
            ]).imageEndpoints(cloud: "c", region: nil, interface: .public)
        }
        #expect(none?.message == "the catalogue of cloud \"c\" has no Image service")
        #expect(none?.hint?.contains("identity") == true)
    }

    @Test("all addresses of a region and interface are found, the first listed first")
    func several() throws {
        let several = ServiceCatalogue(json: [
            [
                "type": "image",
                "endpoints": [
                    ["interface": "public", "region_id": "R", "url": nil],
                    ["interface": "public", "region_id": "R", "url": "http://[fd00::1]:9292"],
                    ["interface": "internal", "region_id": "R", "url": "http://inside"],
                    ["interface": "public", "region_id": "R", "url": " http://h:9292 "],
                ],
            ]
        ])
        let found = try several.imageEndpoints(cloud: "c", region: "R", interface: .public)
        #expect(found == ["http://[fd00::1]:9292", "http://h:9292"])
    }

    @Test(
        "a service that is listed without an address is not called missing",
        arguments: [
            (
                [["interface": "public", "region_id": "R", "url": nil]],
                "lists the public endpoint of the Image service without an address"
            ),
            (
                [["interface": "public", "region_id": "R", "url": " "]],
                "lists the public endpoint of the Image service without an address"
            ),
            ([], "lists the Image service without an endpoint"),
        ] as [(JSONValue, String)])
    func withoutAddress(_ endpoints: JSONValue, _ words: String) {
        let catalogue = ServiceCatalogue(json: [["type": "image", "endpoints": endpoints]])
        let error = #expect(throws: TranshipError.self) {
            try catalogue.imageEndpoints(cloud: "c", region: nil, interface: .public)
        }
        #expect(error?.code == .noImageService)
        #expect(error?.message == "the catalogue of cloud \"c\" \(words)")
        #expect(error?.hint?.hasPrefix("set image_endpoint_override") == true)
    }

    private func image(
        _ url: String, region: JSONValue = "R", asked: String? = nil
    ) throws(TranshipError) -> String {
        try ServiceCatalogue(json: [
            [
                "type": "image",
                "endpoints": [["interface": "public", "region_id": region, "url": .string(url)]],
            ]
        ]).imageEndpoints(cloud: "c", region: asked, interface: .public)[0]
    }

    @Test(
        "an address that is none names cloud, catalogue and the way around it",
        arguments: [
            ("http://$(public_host)s:9292/", "it still has the placeholder $(public_host)s"),
            ("http://h:9292/v2/%(tenant_id)s", "it still has the placeholder %(tenant_id)s"),
            ("http://h:99999/", "its port 99999 is not a number from 1 to 65535"),
            ("http://h:0", "its port 0 is not"), ("http://h:glance/", "its port glance is not"),
            ("http://[::1]:70000", "its port 70000 is not"), ("http://:9292/", "it has no host"),
            ("http:///v2", "it has no host"), ("http://[]:1", "it has no host"),
            ("ftp://h/", "it begins with neither http:// nor https://"),
            ("h:9292", "it begins with neither http:// nor https://"),
            ("http://h:9292/a b", "it has a blank or a control character in it"),
            ("http://h:9292/\u{1B}[31m", "it has a blank or a control character in it"),
            (
                "http://h/" + String(repeating: "a", count: 3_000_000),
                "it has 3000009 bytes, more than 8192"
            ),
        ])
    func notAnAddress(_ url: String, _ fault: String) throws {
        let error = #expect(throws: TranshipError.self) { try image(url) }
        #expect(error?.code == .noImageService)
        #expect(error?.message.hasPrefix("the catalogue of cloud \"c\" has ") == true)
        #expect(
            error?.message.contains("as the address of the Image service, and \(fault)") == true)
        #expect(error?.hint?.contains("image_endpoint_override") == true)
    }

    @Test(
        "what may look odd is an address all the same, and blanks around it are none of it",
        arguments: [
            "http://h", "HTTP://H:9292/im/", "https://[::ffff:127.0.0.1]:9292/x",
            "http://[fe80::1%25eth0]:9292", "http://svc:p%40w@h:9292/im?x=1#y", "http://h:/v2",
        ])
    func anAddress(_ url: String) throws {
        #expect(try image(url) == url)
        #expect(try image(" \(url)\t\n") == url)
    }

    @Test("an endpoint without a region is said to have none, with the way around it")
    func noRegion() throws {
        let error = #expect(throws: TranshipError.self) {
            try image("http://h", region: .null, asked: "RegionOne")
        }
        #expect(error?.message.contains("no Image service in region \"RegionOne\"") == true)
        #expect(error?.hint?.contains("none") == false)
        #expect(error?.hint?.contains("remove region_name") == true)
        #expect(try image("http://h", region: .null) == "http://h")
    }
}

@Suite("Image endpoint")
struct ImageEndpointTests {
    @Test(
        "versions and slashes at the end are not part of the root; prefixes are",
        arguments: [
            ("http://h:9292", "http://h:9292"), ("http://h:9292/", "http://h:9292"),
            ("http://h:9292/v2", "http://h:9292"), ("http://h:9292/v2//", "http://h:9292"),
            ("https://h/image", "https://h/image"), ("https://h/image/v2/", "https://h/image"),
            ("https://h/image/v2.9", "https://h/image"), ("https://h/v1", "https://h"),
            ("https://h/volumes", "https://h/volumes"), ("https://v2", "https://v2"),
        ])
    func roots(_ url: String, _ root: String) {
        #expect(ImageEndpoint.root(of: url) == root)
    }

    /// Found by fuzzing: each slash took a time that grew with the whole text.
    @Test("many slashes are removed in the time of their number", .timeLimit(.minutes(5)))
    func manySlashes() {
        let slashes = String(repeating: "/", count: 200_000)
        #expect(ImageEndpoint.root(of: "http://h/v2" + slashes) == "http://h")
        #expect(TokenRequests.tokensURL("http://h" + slashes) == "http://h/v3/auth/tokens")
    }
}
