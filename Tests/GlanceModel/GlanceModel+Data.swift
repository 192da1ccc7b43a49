// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
package import HTTPTransport

/// Upload, stage and download.
extension GlanceModel {
    /// The model's answer after the head of an upload has arrived.
    package enum Beginning: Sendable {
        /// Send the body; then call ``finish(_:work:body:fault:)`` with this number.
        case taking(work: Int)
        case answered(HTTPResponse)
    }

    /// A fault that the data itself does not show.
    package enum BodyFault: Sendable {
        /// The format inspector refuses the data (415).
        case format
    }

    /// Begins `PUT …/file` or `PUT …/stage`.
    package mutating func begin(
        _ request: ModelRequest, as caller: Caller? = nil
    ) -> Beginning {
        guard let caller = caller ?? self.caller(of: request) else {
            return .answered(
                .refusal(401, "The request you have made requires authentication."))
        }
        guard request.headers["Content-Type"] == "application/octet-stream" else {
            return .answered(.refusal(415, "Unsupported Content-Type"))
        }
        guard let image = images[request.id ?? ""], image.isVisible(to: caller) else {
            return .answered(.refusal(404, "Failed to find image"))
        }
        guard image.isOwned(by: caller) else {
            return .answered(.refusal(403, "You are not permitted to modify this image"))
        }
        if let store = request.headers["X-Image-Meta-Store"], !settings.stores.contains(store) {
            return .answered(.refusal(400, "Unknown store \(store)"))
        }
        let next = request.part == "stage" ? "uploading" : "saving"
        guard image.status == "queued" else {
            return .answered(
                .refusal(
                    409, "Image status transition from \(image.status) to \(next) is not allowed"))
        }
        guard image.hasFormats else {
            return .answered(.refusal(400, "disk_format and container_format must be set"))
        }
        // Data that a refused upload left in the store blocks the image permanently.
        guard image.fields["checksum"] == .null || image.fields["checksum"] == nil else {
            return .answered(.refusal(500, "The data of this image exists already"))
        }
        let work = self.next()
        images[image.id]?.work = work
        images[image.id]?.status = next
        images[image.id]?.fields["stores"] =
            request.headers["X-Image-Meta-Store"].map(JSONValue.string)
        touch(image.id)
        return .taking(work: work)
    }

    /// Ends an upload or a stage whose complete body has arrived.
    ///
    /// - Returns: 410 if the image is gone or belongs to later work.
    package mutating func finish(
        _ request: ModelRequest, work: Int, body: [UInt8], fault: BodyFault? = nil
    ) -> HTTPResponse {
        let id = request.id ?? ""
        guard let image = images[id], image.work == work else {
            return .refusal(410, "Image \(id) could not be found after upload")
        }
        let isStaged = request.part == "stage"
        if let size = request.headers["X-OpenStack-Image-Size"].flatMap({ Int64($0) }),
            size != body.count
        {
            requeue(id)
            return .refusal(400, "Size exceeds: got \(body.count), expected \(size)")
        }
        if let most = settings.imageBytesMax, body.count > most {
            requeue(id)
            return .refusal(413, "Image exceeds the storage quota")
        }
        if fault == .format || (!isStaged && !image.matchesFormat(body)) {
            // The data of a refused `PUT file` stays in the store, and its digests stay in the
            // record.
            if !isStaged {
                report(body, on: id)
                nameStore(of: id)
            }
            images[id]?.status = "queued"
            touch(id)
            return .refusal(415, "The image format does not match its content")
        }
        if isStaged {
            images[id]?.staged = body
            images[id]?.fields["size"] = .integer(Int64(body.count))
            touch(id)
        } else {
            store(body, in: id)
        }
        return HTTPResponse(status: 204)
    }

    /// Breaks the connection of an upload or a stage, as the service notices it.
    package mutating func breakOff(_ id: String, work: Int) {
        guard let image = images[id], image.work == work,
            ["saving", "uploading"].contains(image.status)
        else { return }
        requeue(id)
    }

    mutating func requeue(_ id: String) {
        images[id]?.status = "queued"
        images[id]?.staged = nil
        images[id]?.fields["stores"] = nil
        touch(id)
    }

    func download(
        _ image: Image, _ request: ModelRequest, _ caller: Caller
    ) -> HTTPResponse {
        if image.status == "deactivated", !caller.isAdmin {
            return .refusal(403, "The requested image has been deactivated.")
        }
        guard let data = image.data else { return HTTPResponse(status: 204) }
        var response = HTTPResponse(
            status: 200, headers: ["Content-Type": "application/octet-stream"], body: data)
        response.headers["Content-MD5"] = image.fields["checksum"]?.string
        guard let range = request.headers["Range"] else { return response }
        guard range.hasPrefix("bytes=") else { return .refusal(416, "Invalid Range") }
        let ranges = range.dropFirst(6).split(separator: ",")
        guard ranges.count == 1 else { return .refusal(400, "Only one range is supported") }
        guard let part = Self.part(ranges[0], of: data.count) else {
            return .refusal(416, "The range is not satisfiable")
        }
        response.status = 206
        response.headers["Content-Range"] =
            "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(data.count)"
        response.body = Array(data[part])
        return response
    }

    private static func part(_ range: Substring, of count: Int) -> Range<Int>? {
        let ends = range.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        guard let first = Int(ends[0]) else {
            guard let last = Int(ends[1]), last > 0 else { return nil }
            return max(0, count - last)..<count
        }
        let last = Int(ends[1]) ?? count - 1
        guard first < count, first <= last else { return nil }
        return first..<min(count, last + 1)
    }
}

extension GlanceModel.Image {
    var hasFormats: Bool {
        fields["disk_format"]?.string != nil && fields["container_format"]?.string != nil
    }

    /// Returns true if the format inspector accepts the data. Glance accepts any data as `raw`. It
    /// inspects data that claims to be `qcow2` on its way to a store, and not on its way to the
    /// staging area.
    func matchesFormat(_ body: [UInt8]) -> Bool {
        fields["disk_format"] != "qcow2" || body.starts(with: [0x51, 0x46, 0x49, 0xFB])
    }
}
