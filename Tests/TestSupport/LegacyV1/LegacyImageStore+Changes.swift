// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel

extension LegacyImageStore {
    func create(_ call: LegacyCall) throws(LegacyRefusal) -> LegacyAnswer {
        var metadata = try LegacyMetadata(call.request)
        let origin = try origin(call, metadata)
        if let store = metadata.fields.removeValue(forKey: "store")?.string, store != "file" {
            throw LegacyRefusal(400, "Required store \(store) is invalid")
        }
        let given = metadata.fields["id"]?.string
        if let given, UUID(uuidString: given) == nil {
            throw LegacyRefusal(400, "Failed to reserve image. Got error: Invalid image id format")
        }
        let external = try sizes(origin, metadata)
        let id = given ?? UUID().uuidString.lowercased()
        try withState { (state) throws(LegacyRefusal) in
            guard !state.images.contains(where: { $0.id == id }) else {
                throw LegacyRefusal(409, "An image with identifier \(id) already exists")
            }
            var image = LegacyStoredImage(id: id, now: state.now())
            image.fields.merge(metadata.fields) { $1 }
            image.properties = metadata.properties
            if let external { image.fields["size"] = external }
            // Glance treats a size of 0 as complete: no further data comes.
            image.fields["status"] = metadata.fields["size"] == 0 ? "active" : "queued"
            state.images.append(image)
        }
        return try filled(id, call, origin, status: 201)
    }

    func update(_ call: LegacyCall) throws(LegacyRefusal) -> LegacyAnswer {
        let id = call.path[2]
        let metadata = try LegacyMetadata(call.request)
        let old = try withState { (state) throws(LegacyRefusal) in
            state.images[try state.index(of: id)]
        }
        guard old.status != "deleted" else {
            throw LegacyRefusal(403, "Forbidden to update deleted image.")
        }
        for key in ["status", "id"] {
            if let value = metadata.fields[key], value != old.fields[key] {
                throw LegacyRefusal(403, "Forbidden to modify '\(key)' of image.")
            }
        }
        if call.hasData, old.status != "queued" {
            throw LegacyRefusal(409, "Cannot upload to an unqueued image")
        }
        let origin = try origin(call, metadata)
        if origin != nil, old.status != "queued" {
            throw LegacyRefusal(
                400, "Attempted to update Location field for an image not in queued status.")
        }
        let external = try sizes(origin, metadata)
        let keeps = ["false", "0", "no", "off"].contains(
            (call[header: "x-glance-registry-purge-props"] ?? "true").lowercased())
        try withState { (state) throws(LegacyRefusal) in
            let index = try state.index(of: id)
            state.images[index].fields.merge(metadata.fields) { $1 }
            if let external { state.images[index].fields["size"] = external }
            if !keeps, !call.hasData { state.images[index].properties = [:] }
            state.images[index].properties.merge(metadata.properties) { $1 }
            state.images[index].fields["updated_at"] = .string(state.now())
        }
        return try filled(id, call, origin, status: 200)
    }

    func delete(_ call: LegacyCall) throws(LegacyRefusal) -> LegacyAnswer {
        try withState { (state) throws(LegacyRefusal) in
            let index = try state.index(of: call.path[2])
            guard state.images[index].fields["protected"] != true else {
                throw LegacyRefusal(403, "Image is protected")
            }
            guard !state.images[index].isDeleted else {
                throw LegacyRefusal(404, "Image \(call.path[2]) not found.")
            }
            let now = JSONValue.string(state.now())
            state.images[index].fields.merge(
                ["status": "deleted", "deleted": true, "deleted_at": now, "updated_at": now]
            ) { $1 }
            state.images[index].properties = [:]
            state.images[index].members = []
            state.images[index].data = []
            return LegacyAnswer()
        }
    }

    // MARK: Data

    private enum Origin: Equatable {
        case location(String)
        case copyFrom(String)

        var url: String {
            switch self {
            case .location(let url), .copyFrom(let url): url
            }
        }
    }

    private func origin(
        _ call: LegacyCall, _ metadata: LegacyMetadata
    ) throws(LegacyRefusal) -> Origin? {
        let copyFrom = call[header: "x-glance-api-copy-from"]
        let origin = metadata.location.map(Origin.location) ?? copyFrom.map(Origin.copyFrom)
        guard let origin else { return nil }
        guard origin.url.hasPrefix("http://") else {
            throw LegacyRefusal(400, "External sources are not supported: '\(origin.url)'")
        }
        guard !call.hasData, metadata.location == nil || copyFrom == nil else {
            throw LegacyRefusal(400, "It's invalid to provide multiple image sources.")
        }
        return origin
    }

    /// Returns the size at the other end, which the service reads before it makes a record.
    private func sizes(
        _ origin: Origin?, _ metadata: LegacyMetadata
    ) throws(LegacyRefusal) -> JSONValue? {
        guard let origin else { return nil }
        let found = Int64(try fetch(origin.url).count)
        if let stated = metadata.fields["size"]?.integer, stated != found {
            throw LegacyRefusal(409, "Provided image size must match the stored image size.")
        }
        return .integer(found)
    }

    /// Gives the image its data, if the request has or names some.
    private func filled(
        _ id: String, _ call: LegacyCall, _ origin: Origin?, status: Int
    ) throws(LegacyRefusal) -> LegacyAnswer {
        var body: [UInt8]?
        switch origin {
        case .copyFrom(let url):
            let before = try record(id, status: status)
            // Glance copies in the background; here, the copy ends before the client reads the
            // answer. The client sees no difference, since it has to look again in either case.
            try store(try fetch(url), in: id)
            return before
        case .location(let url):
            try withState { (state) throws(LegacyRefusal) in
                let index = try state.index(of: id)
                state.images[index].location = url
                state.images[index].fields["status"] = "active"
            }
        case nil: body = call.hasData ? call.request.body : nil
        }
        if let body {
            guard body.count == call.request.bodyBytes else {
                throw LegacyRefusal(413, "This server takes a MiB and no more.")
            }
            guard call[header: "content-type"] == "application/octet-stream" else {
                try kill(id)
                throw LegacyRefusal(400, "Content-Type must be application/octet-stream")
            }
            try store(body, in: id)
        }
        return try record(id, status: status)
    }

    private func record(_ id: String, status: Int) throws(LegacyRefusal) -> LegacyAnswer {
        try withState { (state) throws(LegacyRefusal) in
            let image = state.images[try state.index(of: id)]
            return .json(["image": image.record], status: status)
        }
    }

    private func store(_ bytes: [UInt8], in id: String) throws(LegacyRefusal) {
        let md5 = md5(bytes)
        try withState { (state) throws(LegacyRefusal) in
            let index = try state.index(of: id)
            let fields = state.images[index].fields
            for (key, what) in [("disk_format", "Disk"), ("container_format", "Container")]
            where fields[key]?.string == nil {
                throw LegacyRefusal(400, "\(what) format is not specified.")
            }
            var mismatch: String?
            if let stated = fields["size"]?.integer, stated != 0, stated != bytes.count {
                mismatch =
                    "Supplied size (\(stated)) and size generated from uploaded image "
                    + "(\(bytes.count)) did not match. Setting image status to 'killed'."
            } else if let stated = fields["checksum"]?.string, stated != md5 {
                mismatch =
                    "Supplied checksum (\(stated)) and checksum generated from uploaded "
                    + "image (\(md5)) did not match. Setting image status to 'killed'."
            }
            if let mismatch {
                state.images[index].fields["status"] = "killed"
                throw LegacyRefusal(400, mismatch)
            }
            state.images[index].data = bytes
            state.images[index].fields.merge([
                "status": "active", "size": .integer(Int64(bytes.count)), "checksum": .string(md5),
                "updated_at": .string(state.now()),
            ]) { $1 }
        }
    }

    private func kill(_ id: String) throws(LegacyRefusal) {
        try withState { (state) throws(LegacyRefusal) in
            state.images[try state.index(of: id)].fields["status"] = "killed"
        }
    }

    /// Returns the bytes of a URL on this machine.
    func fetch(_ url: String) throws(LegacyRefusal) -> [UInt8] {
        guard let socket = RawSocket(connectingTo: url),
            let body = socket.get(url)
        else {
            throw LegacyRefusal(404, "HTTP datastore could not find image at URI.")
        }
        return body
    }
}
