// `npm run gpu:install`: fetches ONNX Runtime's CUDA files (Linux x64, CUDA 12, some 200 MB) from
// where onnxruntime-node's own install script takes them. UNTRIED on a machine with such a GPU.
// Exit code 0: they are here; 1: they did not come; 2: there are none for this system.

import { createCudaInstaller } from '../native/vision/models/cudaFiles.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
const { platform, arch: architecture } = process;
const installer = createCudaInstaller({ platform, architecture });
if (installer.state().state === 'no') {
  process.stderr.write(`${installer.state().reason}\n`);
  process.exit(2);
}
if (installer.state().state === 'possible') {
  say('Fetching ONNX Runtime’s CUDA files from NuGet …');
  await installer.install(say);
}
const { state, reason } = installer.state();
if (state !== 'done') {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
say(reason || 'The CUDA files are here already.');
