// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Whether the head of a download promises the bytes that were asked for.
enum ImageDataDecoding {
    /// Nil when it does; else why its body must not be used. (Services older
    /// than the fix "range-header-request" answer 206 with the whole image where
    /// the store cannot seek.)
    static func objection(
        to head: HTTPResponse, asking span: ByteSpan?, asked: String
    ) -> TranshipError? {
        guard let span, let what = head.objection(toPart: span.agrees) else { return nil }
        return TranshipError(
            .rangeNotSatisfiable,
            "asked for \(span.words), Glance answered \(what) (\(asked))",
            hint: "this image's store cannot start in the middle; read it from the beginning")
    }
}
