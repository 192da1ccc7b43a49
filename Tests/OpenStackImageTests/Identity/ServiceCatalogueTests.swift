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
        try catalogue.imageEndpoint(cloud: "c", region: region, interface: interface)
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
        #expect(region?.hint == "regions that have one: East, West")
        let interface = #expect(throws: TranshipError.self) { try endpoint("West", .internal) }
        #expect(interface?.hint == "set interface to one of: public")
        let none = #expect(throws: TranshipError.self) {
            try ServiceCatalogue(endpoints: [
                .init(serviceType: "identity", interface: .public, region: "R", url: "u")
            ]).imageEndpoint(cloud: "c", region: nil, interface: .public)
        }
        #expect(none?.message == "the catalogue of cloud \"c\" has no Image service")
        #expect(none?.hint?.contains("identity") == true)
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

    /// Found by fuzzing: each slash took as long as the whole text is long.
    @Test("many slashes are removed in the time of their number", .timeLimit(.minutes(5)))
    func manySlashes() {
        let slashes = String(repeating: "/", count: 200_000)
        #expect(ImageEndpoint.root(of: "http://h/v2" + slashes) == "http://h")
        #expect(TokenRequests.tokensURL("http://h" + slashes) == "http://h/v3/auth/tokens")
    }
}
