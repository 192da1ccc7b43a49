// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

@testable import OpenStackImage

/// Bytes as an answer that refuses a request, in JSON, HTML or plain text.
enum FuzzedRefusal {
    static func run(_ bytes: [UInt8]) {
        let answer = FuzzedAnswer(bytes).response
        let error = answer.refusal(by: .image, asked: "PUT /v2/images/1/file")
        for request in requests { _ = RefusalHint.hint(for: error, request, cloud: "alpha") }
        _ = "\(error)"
    }

    private static let requests = [
        ServiceRequest(.put, "/v2/images/1/file"), ServiceRequest(.post, "/v2/images/1/import"),
        ServiceRequest(.get, "/v1/images/1"),
    ]
}
