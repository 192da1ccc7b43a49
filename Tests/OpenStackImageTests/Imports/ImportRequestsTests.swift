// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Import requests")
struct ImportRequestsTests {
    private func body(_ request: ImportRequest) -> String {
        String(decoding: ImportRequests.start("i", request).body ?? [], as: UTF8.self)
    }

    @Test("each method says what the service needs of it")
    func methods() {
        #expect(body(ImportRequest(.glanceDirect)) == #"{"method":{"name":"glance-direct"}}"#)
        #expect(
            body(
                ImportRequest(
                    .webDownload(uri: Secret("https://h/x?sig=1")), stores: .named(["a", "b"]),
                    allStoresMustSucceed: false)) == """
                    {"all_stores_must_succeed":false,\
                    "method":{"name":"web-download","uri":"https://h/x?sig=1"},"stores":["a","b"]}
                    """)
        #expect(
            body(ImportRequest(.copyImage, stores: .all))
                == #"{"all_stores":true,"method":{"name":"copy-image"}}"#)
        #expect(
            body(
                ImportRequest(
                    .glanceDownload(region: "R", imageID: "j", interface: .internal))) == """
                    {"method":{"glance_image_id":"j","glance_region":"R",\
                    "glance_service_interface":"internal","name":"glance-download"}}
                    """)
    }

    @Test("a URL that may be signed is not printed with its request")
    func secret() {
        let request = ImportRequest(.webDownload(uri: Secret("https://h/x?sig=hidden")))
        var printed = "\(request)"
        dump(request, to: &printed)
        #expect(!printed.contains("hidden"))
    }
}
