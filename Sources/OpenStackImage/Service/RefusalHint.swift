// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// The hint for a refusal whose message says too little.
///
/// The request and the status decide. The service's message decides only between causes with the
/// same status, since its wording changes from release to release.
enum RefusalHint {
    /// Returns the hint; nil if there is none for this refusal.
    ///
    /// - Parameter cloud: the entry of clouds.yaml, for commands in the hint.
    static func hint(
        for error: TranshipError, _ request: ServiceRequest, cloud: String
    ) -> String? {
        guard let answer = error.answer else { return nil }
        let words = answer.message.lowercased()
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count > 1 else { return nil }
        if parts[0] == "v1" { return legacy(parts, answer.status, words) }
        switch parts[1] {
        case "images":
            return role(parts, request.method, answer.status, words, cloud)
                ?? limit(parts, answer.status, words, cloud)
                ?? image(parts, request.method, answer.status, words, cloud)
        case "cache": return cache(answer.status)
        case "metadefs" where answer.status == 403:
            return words.contains("protected")
                ? "unprotect it first"
                : "use an administrator's entry: by default, only administrators may change metadata definitions"
        case "tasks" where answer.status == 403:
            return
                "use `tranship image tasks` for the tasks of an image: only administrators see all tasks"
        case "stores" where answer.status == 403, "info" where answer.status == 403:
            return words.contains("last") || words.contains("only store")
                ? "delete the image itself"
                : "use an administrator's entry: by default, only administrators may do this"
        default: return nil
        }
    }

    /// Returns the hint for a policy that refuses the user, whatever the request contains. The
    /// service then names the action.
    private static func role(
        _ parts: [String], _ method: HTTPRequest.Method, _ status: Int, _ words: String,
        _ cloud: String
    ) -> String? {
        guard status == 403, words.contains("not authorized"), !words.contains("public") else {
            return nil
        }
        let look = "`tranship doctor \(cloud)` shows the roles and the project of this user"
        return switch (method, parts.count > 3 ? parts[3] : "") {
        case (.get, ""):
            "by default, reading the records of images takes the role reader: \(look)"
        case (.post, ""):
            "by default, creating images takes the role member: \(look)"
        case (.patch, ""), (.delete, ""), (.put, "file"), (.put, "stage"):
            "by default, that takes the role member in the project of the image: \(look)"
        default: nil
        }
    }

    /// Returns the hint for a limit that a request exceeds, or for a full store.
    private static func limit(
        _ parts: [String], _ status: Int, _ words: String, _ cloud: String
    ) -> String? {
        guard status == 413 || status == 507 else { return nil }
        if status == 507 || words.contains("full") {
            return "the store of the cloud is full: ask its operator to make room"
        }
        switch parts.count > 3 ? parts[3] : "" {
        case "" where words.contains("propert"):
            return "give it fewer properties: the cloud's image_property_quota is the limit"
        case "" where words.contains("tag"), "tags":
            return "give it fewer tags: the cloud's image_tag_quota is the limit"
        case "members":
            return "share it with fewer projects: the cloud's image_member_quota is the limit"
        case "locations":
            return "give it fewer locations: the cloud's image_location_quota is the limit"
        default:
            return
                "`tranship usage --cloud \(cloud)` shows the quotas of this project: make room, or "
                + "have one raised"
        }
    }

    private static func image(
        _ parts: [String], _ method: HTTPRequest.Method, _ status: Int, _ words: String,
        _ cloud: String
    ) -> String? {
        let part = parts.count > 3 ? parts[3] : ""
        switch (method, part, status) {
        case (.put, "file", 409), (.put, "stage", 409):
            return "an image takes data only once, while it is queued: create another image"
        // Glance gives this answer for a backing file, a data file, extents, and damaged tables.
        case (.put, "file", 415) where isUnsafe(words):
            return
                "the image needs another file, or is damaged: look at it (qemu-img info IMAGE), and "
                + "make one whole file (qemu-img convert -O qcow2 IMAGE WHOLE.qcow2)"
        case (.put, "file", 415):
            return
                "the data does not have the format that disk_format declares; delete the image and "
                + "create it with the right format: this one may not take other data any more"
        case (.post, "", 400) where words.contains("4 byte unicode"),
            (.patch, "", 400) where words.contains("4 byte unicode"):
            return
                "the service's database takes no emoji and no other characters beyond U+FFFF: give "
                + "the image another name"
        case (.get, "", 403):
            return
                "ask the operator of the cloud, whose policy refuses this user: `tranship doctor "
                + "\(cloud)` shows the roles"
        case (.get, "file", 403) where words.contains("deactivated"):
            return
                "reactivate the image first: only administrators may read the data of a deactivated one"
        case (.get, "file", 403):
            return
                "by default, reading data takes the role member in the project of the image: `tranship "
                + "doctor \(cloud)` shows the roles. With that role, ask the operator of the cloud: its "
                + "policy (download_image) or its store refuses the data"
        case (.delete, "", 403) where words.contains("protected"):
            return "unprotect the image first"
        case (.delete, "", 409):
            return
                "it is in use: by a volume, a server, or a copy that shares its blocks; delete those "
                + "first, or keep the image"
        case (.post, "import", 409) where words.contains("stag") || words.contains("uploading"):
            return "stage the data first"
        case (.post, "import", 403) where words.contains("copy") || words.contains("import"):
            return
                "use an administrator's entry: by default, only administrators may copy images of other projects"
        case (.post, "members", 403), (.put, "members", 403):
            return part == "members" && method == .put
                ? "only the member itself may accept or reject, not the owner"
                : "only images with visibility shared have members"
        case (.post, "locations", 403):
            return "without a store of type http, only other services may add locations"
        case (.post, "", 403) where words.contains("public"),
            (.patch, "", 403) where words.contains("public"):
            return
                "use an administrator's entry: by default, only administrators may publish images; "
                + "community and shared are open to all"
        case (_, "", 404) where parts.count == 3:
            return
                "no image has this id, or this project may not see it: `tranship image list "
                + "--cloud \(cloud)` shows those that it sees"
        case (.get, "", 404):
            return "there is no Images API v2 at this endpoint: correct the endpoint in the "
                + "catalogue, or set image_endpoint_override"
        default: return nil
        }
    }

    /// True if the service looked into the data and refused its contents, regardless of the
    /// declared format.
    static func isUnsafe(_ words: String) -> Bool { words.lowercased().contains("safety check") }

    private static func legacy(_ parts: [String], _ status: Int, _ words: String) -> String? {
        switch status {
        case 403 where words.contains("protected"): "unprotect the image first"
        case 404 where words.contains("is not active"): "only active images have data"
        // The paths of the lists.
        case 404 where parts.count == 2 || parts.last == "detail":
            "there is no Images API v1 at this endpoint: remove image_api_version: 1 from the "
                + "cloud's entry, or correct its endpoint"
        case 403 where words.contains("deactivated"):
            "reactivate the image first: only administrators may read the data of a deactivated one"
        case 404 where parts.count == 3 && parts[1] == "images":
            "no image has this id, or this project may not see it"
        case 409 where words.contains("unqueued"):
            "an image takes data only once, while it is queued: create another image"
        default: nil
        }
    }

    private static func cache(_ status: Int) -> String? {
        switch status {
        case 403:
            "use an administrator's entry: by default, only administrators may manage the cache"
        case 404: "the image does not exist, or this cloud has no image cache (API 2.14)"
        case 409: "the nodes of this cloud do not share one database for their caches"
        default: nil
        }
    }
}

extension TranshipError {
    /// True if the service refused the data because it does not have the format that the record
    /// declares. The record accepts no other data after that: delete it.
    public var isOfWrongFormat: Bool {
        guard code == .formatRejected, let answer, answer.service == .image else { return false }
        return answer.status == 415 && !RefusalHint.isUnsafe(answer.message)
    }
}
