// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

@testable import OpenStackImage

/// Bytes as Keystone's answer to a request for a token.
enum FuzzedKeystoneAnswer {
    static func run(_ bytes: [UInt8]) {
        let answer = FuzzedAnswer(bytes).response
        // A request names a region or none.
        _ = try? IssuedToken(answer, of: clouds[bytes.count % 2])
    }

    private static let clouds: [CloudConfiguration] = [nil, "RegionOne"].map { region in
        CloudConfiguration(
            name: "alpha",
            authentication: .password(.id("user"), password: Secret("fuzz")),
            authURL: "https://keystone.example/v3", scope: .projectID("project"), region: region)
    }
}
