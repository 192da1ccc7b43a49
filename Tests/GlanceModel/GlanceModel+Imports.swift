// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Imports: `POST …/import` starts one, and the front decides when and how it ends.
extension GlanceModel {
    /// The ways in which an import fails.
    package enum ImportFailure: Sendable {
        /// The image is queued again and names the stores that failed.
        case stores
        /// The image is queued again but still reports that it is being imported, as
        /// `glance-download` leaves it: only the task shows the failure.
        case silent
        /// The format inspector refuses the data: the image stays `importing`.
        case format
    }

    mutating func startImport(
        _ image: Image, _ request: ModelRequest, _ caller: Caller
    ) -> HTTPResponse {
        guard let method = request.json?["method"], let name = method["name"]?.string,
            settings.importMethods.contains(name)
        else { return .refusal(400, "Unknown import method name") }
        let stores = stores(request)
        guard stores.allSatisfy(settings.stores.contains) else {
            return .refusal(409, "Store for image not found")
        }
        if name == "copy-image" {
            guard caller.isAdmin else {
                return .refusal(403, "You are not authorized to copy_image")
            }
        } else if !image.hasFormats {
            return .refusal(409, "disk_format and container_format must be set")
        }
        if image.isImporting { return .refusal(409, "Image has active task") }
        let wanted =
            switch name {
            case "glance-direct": "uploading"
            case "copy-image": "active"
            default: "queued"
            }
        guard image.status == wanted, name != "glance-direct" || image.staged != nil else {
            return .refusal(409, "Image needs to be in '\(wanted)' state")
        }
        if name == "web-download" {
            let uri = method["uri"]?.string ?? ""
            guard uri.hasPrefix("http://") || uri.hasPrefix("https://") else {
                return .refusal(400, "URI for web-download does not pass filtering: \(uri)")
            }
        }
        if name == "glance-download", method["glance_image_id"] == nil {
            return .refusal(400, "glance_image_id is required")
        }
        let work = next()
        images[image.id]?.work = work
        if name != "copy-image" { images[image.id]?.status = "importing" }
        images[image.id]?.fields["os_glance_importing_to_stores"] = .string(
            stores.joined(separator: ","))
        images[image.id]?.fields["os_glance_failed_import"] = ""
        images[image.id]?.tasks.append([
            "id": .string("task-\(work)"), "type": "api_image_import", "status": "processing",
            "message": "", "image_id": .string(image.id), "owner": .string(caller.project),
            "created_at": .string(UTCText.text(nowMilliseconds)),
            "input": ["image_id": .string(image.id), "import_req": request.json ?? .null],
        ])
        touch(image.id)
        return HTTPResponse(status: 202)
    }

    private func stores(_ request: ModelRequest) -> [String] {
        let body = request.json
        if body?["all_stores"] == true { return settings.stores }
        if let stores = body?["stores"]?.array { return stores.compactMap(\.string) }
        return [request.headers["X-Image-Meta-Store"] ?? defaultStore]
    }

    /// Ends an import with the data that the service fetched. Nil for staged data or, for
    /// `copy-image`, for the existing data.
    package mutating func endImport(_ id: String, work: Int, data: [UInt8]? = nil) {
        guard let image = images[id], image.work == work, image.isImporting else { return }
        let stores = image.fields["os_glance_importing_to_stores"]?.string ?? defaultStore
        if image.status == "active" {
            let present = image.fields["stores"]?.string.map { [$0] } ?? []
            images[id]?.fields["stores"] = .string((present + [stores]).joined(separator: ","))
        } else {
            let data = data ?? image.staged ?? []
            guard image.matchesFormat(data) else { return failImport(id, work: work, .format) }
            let conversion = settings.conversion.flatMap {
                image.fields["disk_format"]?.string == $0.diskFormat ? nil : $0
            }
            store(conversion?.convert(data) ?? data, in: id)
            if let conversion {
                images[id]?.fields["disk_format"] = .string(conversion.diskFormat)
            }
            images[id]?.fields["stores"] = .string(stores)
        }
        images[id]?.fields["os_glance_importing_to_stores"] = nil
        images[id]?.fields["os_glance_failed_import"] = nil
        images[id]?.endTask("success", "Copied 0 MiB")
    }

    package mutating func failImport(_ id: String, work: Int, _ failure: ImportFailure) {
        guard let image = images[id], image.work == work, image.isImporting else { return }
        let stores = image.fields["os_glance_importing_to_stores"]?.string ?? defaultStore
        if image.status != "active", failure != .format { requeue(id) }
        images[id]?.staged = nil
        if failure != .silent {
            images[id]?.fields["os_glance_importing_to_stores"] = ""
            images[id]?.fields["os_glance_failed_import"] = .string(stores)
        }
        images[id]?.endTask("failure", "Task failed due to Internal Error")
    }

    mutating func deleteFromStore(_ request: ModelRequest, _ caller: Caller) -> HTTPResponse {
        guard caller.isAdmin else { return .refusal(403) }
        guard request.path.count == 4, let image = images[request.path[3]] else {
            return .refusal(404)
        }
        let stores = image.fields["stores"]?.string?.split(separator: ",").map(String.init) ?? []
        guard stores.contains(request.path[2]) else { return .refusal(404) }
        guard stores.count > 1 else { return .refusal(403, "it is the only store") }
        images[image.id]?.fields["stores"] = .string(
            stores.filter { $0 != request.path[2] }.joined(separator: ","))
        return HTTPResponse(status: 204)
    }
}

extension GlanceModel.Image {
    /// True if an import was accepted and has not ended.
    package var isImporting: Bool { tasks.last?["status"] == "processing" }
}
