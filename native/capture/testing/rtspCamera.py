# A camera for tests: GStreamer's own RTSP server, with a password, on any port of this machine. It
# prints the port. /base is what cameras are set to; /bframes is what browsers cannot show.
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
PICTURE = "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=15/1"
ENCODERS = {
    "/base": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 bitrate=400"
    " ! video/x-h264,profile=constrained-baseline",
    "/bframes": "x264enc speed-preset=veryfast bframes=2 b-adapt=false rc-lookahead=2 sync-lookahead=0 key-int-max=15 bitrate=400"
    " ! video/x-h264,profile=main",
}
SOUND = "audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay1 pt=8"

server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service("0")
auth = GstRtspServer.RTSPAuth()
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "user")
auth.add_basic(GstRtspServer.RTSPAuth.make_basic("camera", "s3cret"), token)
server.set_auth(auth)
for path, encoder in ENCODERS.items():
    factory = GstRtspServer.RTSPMediaFactory.new()
    video = f"{PICTURE} ! {encoder} ! rtph264pay name=pay0 config-interval=1 pt=96"
    factory.set_launch(f"( {video} {SOUND if path == '/base' else ''} )")
    factory.set_shared(True)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)
    server.get_mount_points().add_factory(path, factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
