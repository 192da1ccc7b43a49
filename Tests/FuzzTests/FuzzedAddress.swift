// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

@testable import HTTPTransport
@testable import OpenStackImage
@testable import SourceReaders

/// Bytes as an address: an endpoint of a catalogue, the target of a redirect, a `next` link.
enum FuzzedAddress {
    static func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        for start in ["https://images.example/disk.img", "http://10.0.0.1:8080/", text] {
            let request = HTTPRequest(.get, start, headers: ["X-Api-Key": "fuzz"])
            if let next = try? request.redirected(status: 302, to: text) {
                _ = try? next.redirected(status: 307, to: "https://other.example/")
            }
        }
        _ = LinkLocal.contains(host: text)
        _ = (shownURL(text), percentEncode(text))
        _ = (ImageEndpoint.root(of: text), PageLink.query(text))
        _ = (URLImage.host(of: text), URLImage.withoutSecrets(text), URLImage.fileName(text))
    }
}
