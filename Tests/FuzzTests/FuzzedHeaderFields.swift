// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

@testable import HTTPTransport
@testable import SourceReaders

/// Bytes as the header fields of an answer, and as the short texts in them.
enum FuzzedHeaderFields {
    /// The number of fields to parse: more add nothing, and long inputs are slow.
    private static let fieldsMax = 8

    static func run(_ bytes: [UInt8]) {
        let answer = FuzzedAnswer(bytes).response
        _ = answer.objection { $0.first <= $0.last && $0.countBytes > 0 }
        _ = answer.refusal(by: .source, asked: "GET /disk.img")
        _ = "\(answer.headers)"
        for field in answer.headers.fields.prefix(fieldsMax) {
            let value = field.value
            _ = ContentRange(value)?.countBytes
            _ = ContentDisposition.fileName(value)
            if let seconds = UTCTime.unixSecondsOfHTTPDate(value) ?? UTCTime.unixSeconds(value) {
                _ = UTCTime.text(unixSeconds: seconds)
            }
            _ = try? Checksum(value)
            if let bytes = ByteCount.parse(value) { _ = ByteCount.format(bytes) }
            if let seconds = TimeSpan.parse(value) { _ = TimeSpan.format(seconds) }
            if let number = Int64(value) {
                _ = (Timestamp.text(number), ByteCount.format(number), TimeSpan.format(number))
            }
        }
    }
}
