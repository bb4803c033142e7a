// Lists of labels that manifests name by one word. The order is that of the networks' outputs.

const COCO80 = [
  'person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant',
  'stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe',
  'backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat',
  'baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl',
  'banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch',
  'potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave',
  'oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush',
]
  .join(',')
  .split(',');

/** The 17 keypoints of COCO, in their order. */
const COCO17 = [
  'nose,left eye,right eye,left ear,right ear,left shoulder,right shoulder,left elbow,right elbow',
  'left wrist,right wrist,left hip,right hip,left knee,right knee,left ankle,right ankle',
]
  .join(',')
  .split(',');

/** What a list's name stands for. */
export const LABEL_LISTS = { coco80: COCO80, coco17: COCO17 } as const;
